"""Writes V1 requests for the CIFAR net and what seed 002's transformer and PyTorch make of them: make_cifar.py MODEL FOLDER."""
import base64
import io
import json
import pathlib
import sys

import numpy as np
import torch
import torchvision.transforms as transforms
from PIL import Image

model = torch.jit.load(sys.argv[1])
folder = pathlib.Path(sys.argv[2])
# The transform and the steps of the seed.
transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])


def image_transform(instance):
    byte_array = base64.b64decode(instance)
    image = Image.open(io.BytesIO(byte_array))
    a = np.asarray(image)
    im = Image.fromarray(a)
    return transform(im)


def png(seed):
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:32, 0:32]
    waves = np.stack([127 + 100 * np.sin(x / 5 + c + seed) * np.cos(y / 4 - c) for c in range(3)], -1)
    data = io.BytesIO()
    Image.fromarray((waves + random.normal(0, 12, waves.shape)).clip(0, 255).astype(np.uint8)).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


first, second = png(1), png(2)
(folder / "request.json").write_text(json.dumps({"instances": [
    {"image": {"b64": first}, "caption": "seaside"},
    {"image_bytes": {"b64": second}, "caption": "mountains"},
]}))
with torch.no_grad():
    answers = model(torch.stack([image_transform(first), image_transform(second)]))
(folder / "expected.json").write_text(json.dumps(answers.tolist()))
