"""Writes TorchServe archives as torch-model-archiver does, requests to them and what TorchServe's handlers answer: make_archives.py FOLDER.

NAME.mar, NAME-stored.mar, NAME.tar.gz and the directory NAME hold the same files. requests/NAME-N.bin is the body of a request,
answers/NAME-N.json (or .bin: float32) what the handler's published steps make of it with PIL, torchvision and torch.
"""
import base64
import io
import json
import pathlib
import sys
import tarfile
import zipfile
from datetime import datetime
from typing import Dict, List, Tuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms

folder = pathlib.Path(sys.argv[1])
for name in ("requests", "answers"):
    (folder / name).mkdir()
random = np.random.default_rng(7)
torch.manual_seed(7)


def archive(name, handler, model, files, runtime="python", version="1.0", config=None):
    """The four forms of model_packaging_utils.archive: files flat, then the manifest, nothing else."""
    weights = io.BytesIO()
    torch.jit.save(torch.jit.script(model.eval()), weights)
    files = {"model.pt": weights.getvalue(), **{key: value.encode() for key, value in files.items()}}
    entry = {"modelName": name, "serializedFile": "model.pt", "handler": handler, "modelVersion": version}
    if config is not None:
        files["model-config.yaml"] = config.encode()
        entry["configFile"] = "model-config.yaml"
    manifest = json.dumps(
        {"createdOn": datetime.now().strftime("%d/%m/%Y %H:%M:%S"), "runtime": runtime, "model": entry, "archiverVersion": "0.12.0"}, indent=2)
    plain = folder / name
    (plain / "MAR-INF").mkdir(parents=True)
    for key, value in files.items():
        (plain / key).write_bytes(value)
    for suffix, method in (("", zipfile.ZIP_DEFLATED), ("-stored", zipfile.ZIP_STORED)):
        with zipfile.ZipFile(folder / f"{name}{suffix}.mar", "w", method) as target:
            for key in files:
                target.write(plain / key, key)
            target.writestr("MAR-INF/MANIFEST.json", manifest)
    with tarfile.open(folder / f"{name}.tar.gz", "w:gz") as target:
        for key in files:
            target.add(plain / key, arcname=f"{name}/{key}")
        header = tarfile.TarInfo(name=f"{name}/MAR-INF/MANIFEST.json")
        header.size = len(manifest)
        target.addfile(header, io.BytesIO(manifest.encode()))
    (plain / "MAR-INF" / "MANIFEST.json").write_text(manifest)


def request(name, body, answer):
    (folder / "requests" / name).write_bytes(body)
    if isinstance(answer, torch.Tensor):
        (folder / "answers" / f"{name}.bin").write_bytes(answer.numpy().astype(np.float32).tobytes())
    else:
        (folder / "answers" / f"{name}.json").write_text(json.dumps(answer))


def picture(width, height, kind, mode="RGB"):
    y, x = np.mgrid[0:height, 0:width]
    waves = np.stack([127 + 100 * np.sin(x / 9 + c) * np.cos(y / 6 - c) for c in range(3)], -1)
    data = io.BytesIO()
    Image.fromarray((waves + random.normal(0, 9, waves.shape)).clip(0, 255).astype(np.uint8)).convert(mode).save(data, kind)
    return data.getvalue()


imagenet = transforms.Compose([
    transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(),
    transforms.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])])


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 8, 7, stride=16)
        self.linear = nn.Linear(8 * 14 * 14, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(torch.relu(self.convolution(x)).flatten(1))


classifier = Classifier().eval()
names = {str(i): [f"n{i:08}", f"class {i}, as 'ImageNet' has it \u00e9"] for i in range(10)}
archive("classifier", "image_classifier", classifier, {"index_to_name.json": json.dumps(names)}, config="minWorkers: 1\nbatchSize: 4\nmaxBatchDelay: 20\n")
for index, (width, height, kind, as_text) in enumerate([(341, 273, "PNG", False), (256, 256, "JPEG", False), (100, 300, "PNG", True), (500, 333, "JPEG", True)]):
    body = picture(width, height, kind)
    with torch.no_grad():
        scores = torch.softmax(classifier(imagenet(Image.open(io.BytesIO(body)).convert("RGB"))[None]), 1)
    best = torch.topk(scores, 5, dim=1)
    answer = {names[str(c)][-1]: p for c, p in zip(best.indices[0].tolist(), best.values[0].tolist())}
    request(f"classifier-{index}", base64.b64encode(body) if as_text else body, answer)


class Segmenter(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 5, 3, padding=1)

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        y = self.convolution(x)
        return {"out": y, "aux": y * 2}


segmenter = Segmenter().eval()
archive("segmenter", "image_segmenter", segmenter, {})
body = picture(280, 260, "PNG")
with torch.no_grad():
    best = torch.max(torch.softmax(segmenter(imagenet(Image.open(io.BytesIO(body)))[None])["out"], 1), 1)
request("segmenter-0", body, torch.stack([best.indices.type(best.values.dtype), best.values], 3)[0])


def boxes(image: Tensor) -> Dict[str, Tensor]:
    height, width = image.shape[1], image.shape[2]
    light = image.mean(dim=(1, 2))
    sides = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.25, 0.25, 0.5, 0.75], [0.1, 0.2, 0.3, 0.4]])
    return {"boxes": sides * torch.tensor([width, height, width, height]), "labels": torch.tensor([1, 18, 3]),
            "scores": torch.stack([light[0] / 2 + 0.4, light[1] / 4, light[2] / 8 + 0.45])}


class Detector(nn.Module):
    """The signature of torchvision's detectors when scripted."""

    def forward(self, images: List[Tensor]) -> Tuple[Dict[str, Tensor], List[Dict[str, Tensor]]]:
        losses: Dict[str, Tensor] = {}
        return losses, [boxes(image) for image in images]


class RowDetector(nn.Module):
    def forward(self, images: Tensor) -> List[Dict[str, Tensor]]:
        return [boxes(image) for image in images.unbind(0)]


labels = {"object_type_names": ["__background__"] + [f"thing {i}" for i in range(1, 20)]}
archive("detector", "object_detector", Detector(), {"index_to_name.json": json.dumps(labels)})
archive("row-detector", "object_detector", RowDetector(), {})
body = picture(64, 48, "PNG")
found = boxes(transforms.ToTensor()(Image.open(io.BytesIO(body))))
kept = found["scores"] >= 0.5
for name, label in (("detector", lambda c: labels["object_type_names"][c]), ("row-detector", str)):
    request(f"{name}-0", body, [
        {label(c): box, "score": score}
        for c, box, score in zip(found["labels"][kept].tolist(), found["boxes"][kept].tolist(), found["scores"][kept].tolist())])


class Words(nn.Module):
    def __init__(self, count):
        super().__init__()
        self.embedding = nn.EmbeddingBag(count, 6)
        self.linear = nn.Linear(6, 4)

    def forward(self, numbers: Tensor, offsets: Tensor) -> Tensor:
        return self.linear(self.embedding(numbers, offsets))


tokens = ["<unk>", "the", "bank", "rose", "the bank", "bank rose", "do", "not", "do not"]
words = Words(len(tokens)).eval()
vocabulary = {token: number for number, token in enumerate(tokens)}
classes = {"0": "World", "1": "Sports", "2": "Business", "3": "Sci/Tec"}
archive("words", "text_classifier", words, {"index_to_name.json": json.dumps(classes), "source_vocab.json": json.dumps(vocabulary)})
for index, (text, expected) in enumerate([
        ("The <b>bank</b>&amp; rose!", ["the", "bank", "rose", "the bank", "bank rose"]),
        ("DON'T, the b\u00e0nk", ["do", "not", "the", "bank", "do not", "not the", "the bank"])]):
    with torch.no_grad():
        chances = torch.softmax(words(torch.tensor([vocabulary.get(token, 0) for token in expected]), torch.tensor([0])), 1)[0].tolist()
    request(f"words-{index}", text.encode(), {classes[str(i)]: chance for i, chance in enumerate(chances)})


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x)


linear = Linear().eval()
archive("linear", "base_handler", linear, {})
row = torch.tensor([0.5, -1.0, 2.25, 3.0])
with torch.no_grad():
    answer = linear(row[None])[0].tolist()
saved, numpy = io.BytesIO(), io.BytesIO()
torch.save(row, saved)
np.save(numpy, row.numpy())
request("linear-0", json.dumps(row.tolist()).encode(), answer)
request("linear-1", numpy.getvalue(), answer)
request("linear-2", saved.getvalue(), answer)
archive("tensors", "TorchScriptHandler", linear, {}, runtime="LSP", version="2.10")
# A whole pickled module under the name .pth, as Persia's tutorial and others pack them.
whole = io.BytesIO()
torch.save(nn.Sequential(nn.Linear(4, 3)), whole)
with zipfile.ZipFile(folder / "pickled.mar", "w", zipfile.ZIP_DEFLATED) as target:
    target.writestr("weights.pth", whole.getvalue())
    target.writestr("MAR-INF/MANIFEST.json", json.dumps({
        "runtime": "python", "model": {"modelName": "pickled", "serializedFile": "weights.pth", "handler": "base_handler", "modelVersion": "1.0"},
        "modelServerVersion": "1.0", "implementationVersion": "1.0", "specificationVersion": "1.0"}))
