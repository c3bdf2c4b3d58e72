#!/usr/bin/python3
"""Saves torch.nn modules as users do, with inputs and the outputs that Python computes: make_modules.py DIRECTORY.

For each model: NAME.zip.torch (the format since PyTorch 1.6), NAME.legacy.torch (the one before), and in models.json the
inputs and the output, each as dtype, shape and little-endian bytes in base64. Needs Debian's python3-torch.
"""
import base64
import copy
import json
import pathlib
import sys
import types
import warnings

import torch
from torch import nn

OUT = pathlib.Path(sys.argv[1])
warnings.filterwarnings("ignore")
torch.manual_seed(7)
torch.set_num_threads(1)


def doubles(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def randomised(module):
    """Fresh modules have weights of 1 and biases of 0 in many places, which would hide mistakes."""
    for tensor in list(module.parameters()) + list(module.buffers()):
        if tensor.dtype.is_floating_point:
            with torch.no_grad():
                tensor.copy_(torch.rand_like(tensor) + 0.1)
    return module


# The class of Ritual's examples; pickles only hold its name.
iris_module = types.ModuleType("iris_classification_model")


class IrisClassificationModel(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(4, 50)
        self.layer2 = nn.Linear(50, 50)
        self.layer3 = nn.Linear(50, 3)

    def forward(self, x):
        x = torch.relu(self.layer1(x))
        x = torch.relu(self.layer2(x))
        return torch.softmax(self.layer3(x), dim=1)


IrisClassificationModel.__module__ = "iris_classification_model"
iris_module.IrisClassificationModel = IrisClassificationModel
sys.modules["iris_classification_model"] = iris_module

shared = nn.Linear(4, 4)
tied = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
tied[1].weight = tied[0].weight
transposed = nn.Linear(3, 5, bias=False)
transposed.weight = nn.Parameter(torch.randn(3, 5).t())
sliced = nn.Linear(3, 2)
sliced.weight = nn.Parameter(torch.randn(4, 9)[1:3, 2:8:2])
expanded = nn.Linear(3, 2)
expanded.weight = nn.Parameter(torch.randn(1, 3).expand(2, 3))
attributed = nn.Linear(3, 2)
attributed.note = {"owner": ["a", 1, 2.5, None, (True, b"bytes", 1 + 0j)], "dtype": torch.float64, "device": torch.device("cpu"), "size": torch.Size([1, 2])}
attributed.weight.tag = "a parameter with an attribute"
encoder_gelu = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True, norm_first=True)
mask = torch.zeros(5, 5, dtype=torch.bool).masked_fill(torch.ones(5, 5).triu(1) > 0, True)

MODELS = {
    "linear": (nn.Linear(4, 3), [doubles(2, 4)]),
    "linear_no_bias": (nn.Linear(4, 3, bias=False), [doubles(4)]),
    "mlp": (nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3), nn.Softmax(dim=1)), [doubles(2, 4)]),
    "nested": (nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Tanh()), nn.Identity(), nn.Sequential()), [doubles(2, 4)]),
    "named_layers": (nn.Sequential(__import__("collections").OrderedDict([("in-put", nn.Linear(4, 4)), ("déjà vu", nn.ELU(0.5)), ("x", nn.Sigmoid())])), [doubles(2, 4)]),
    "shared_module": (nn.Sequential(shared, nn.ReLU(), shared), [doubles(2, 4)]),
    "tied_weights": (tied, [doubles(2, 4)]),
    "transposed_weights": (transposed, [doubles(2, 3)]),
    "sliced_weights": (sliced, [doubles(2, 3)]),
    "expanded_weights": (expanded, [doubles(2, 3)]),
    "attributes": (attributed, [doubles(2, 3)]),
    "conv1d": (nn.Conv1d(2, 4, 3, stride=2, padding=1, dilation=2), [doubles(2, 2, 9)]),
    "conv1d_same": (nn.Conv1d(2, 4, 4, padding="same"), [doubles(2, 2, 9)]),
    "conv2d": (nn.Conv2d(4, 6, (3, 2), stride=(1, 2), padding=(1, 0), groups=2), [doubles(2, 4, 6, 6)]),
    "conv2d_valid": (nn.Conv2d(1, 2, 3, padding="valid", bias=False), [doubles(1, 5, 5)]),
    "conv2d_reflect": (nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"), [doubles(1, 1, 5, 6)]),
    "conv2d_replicate": (nn.Conv2d(1, 2, 3, padding=(2, 1), padding_mode="replicate"), [doubles(1, 1, 5, 6)]),
    "conv2d_circular": (nn.Conv2d(1, 2, 3, padding=(2, 1), padding_mode="circular"), [doubles(1, 1, 5, 6)]),
    "conv3d": (nn.Conv3d(1, 2, 2), [doubles(1, 1, 3, 4, 3)]),
    "conv_transpose1d": (nn.ConvTranspose1d(2, 3, 3, stride=2, padding=1, output_padding=1), [doubles(1, 2, 5)]),
    "conv_transpose2d": (nn.ConvTranspose2d(2, 3, 3, stride=2, dilation=2), [doubles(1, 2, 4, 4)]),
    "conv_transpose3d": (nn.ConvTranspose3d(2, 2, 2, groups=2), [doubles(1, 2, 3, 3, 3)]),
    "batch_norm1d": (nn.BatchNorm1d(3), [doubles(4, 3)]),
    "batch_norm1d_no_affine": (nn.BatchNorm1d(3, affine=False, eps=1e-3), [doubles(4, 3, 2)]),
    "batch_norm1d_no_statistics": (nn.BatchNorm1d(3, track_running_stats=False), [doubles(4, 3)]),
    "batch_norm2d": (nn.BatchNorm2d(3), [doubles(2, 3, 4, 4)]),
    "batch_norm3d": (nn.BatchNorm3d(2), [doubles(2, 2, 2, 3, 3)]),
    "instance_norm1d": (nn.InstanceNorm1d(3, affine=True), [doubles(3, 5)]),
    "instance_norm2d": (nn.InstanceNorm2d(3, track_running_stats=True), [doubles(2, 3, 4, 4)]),
    "instance_norm3d": (nn.InstanceNorm3d(2), [doubles(1, 2, 3, 3, 3)]),
    "layer_norm": (nn.LayerNorm((3, 4), eps=1e-4), [doubles(2, 3, 4)]),
    "layer_norm_no_affine": (nn.LayerNorm(4, elementwise_affine=False), [doubles(2, 4)]),
    "group_norm": (nn.GroupNorm(2, 4), [doubles(2, 4, 3)]),
    "embedding": (nn.Embedding(7, 3, padding_idx=0), [torch.tensor([[1, 0], [6, 2]])]),
    "embedding_bag": (nn.EmbeddingBag(7, 3, mode="sum"), [torch.tensor([1, 0, 6, 2]), torch.tensor([0, 1])]),
    "embedding_bag_2d": (nn.EmbeddingBag(7, 3, mode="max"), [torch.tensor([[1, 0], [6, 2]])]),
    "dropouts": (nn.Sequential(nn.Dropout(), nn.AlphaDropout(), nn.FeatureAlphaDropout(), nn.Dropout1d(), nn.Dropout2d(), nn.Dropout3d()), [doubles(2, 3, 4)]),
    "max_pool1d": (nn.MaxPool1d(3, stride=2, padding=1), [doubles(1, 2, 9)]),
    "max_pool2d": (nn.MaxPool2d((2, 3), dilation=(1, 2), ceil_mode=True), [doubles(1, 2, 9, 9)]),
    "max_pool3d": (nn.MaxPool3d(2), [doubles(1, 2, 4, 4, 4)]),
    "avg_pool1d": (nn.AvgPool1d(3, 2, 1, count_include_pad=False), [doubles(1, 2, 9)]),
    "avg_pool2d": (nn.AvgPool2d((2, 3), padding=(1, 0), divisor_override=5), [doubles(1, 2, 9, 9)]),
    "avg_pool3d": (nn.AvgPool3d(2, ceil_mode=True), [doubles(1, 2, 5, 4, 4)]),
    "adaptive_avg_pool1d": (nn.AdaptiveAvgPool1d(2), [doubles(1, 2, 9)]),
    "adaptive_avg_pool2d": (nn.AdaptiveAvgPool2d((None, 2)), [doubles(1, 2, 9, 7)]),
    "adaptive_avg_pool3d": (nn.AdaptiveAvgPool3d((2, None, 1)), [doubles(1, 2, 5, 4, 3)]),
    "adaptive_max_pool1d": (nn.AdaptiveMaxPool1d(2), [doubles(1, 2, 9)]),
    "adaptive_max_pool2d": (nn.AdaptiveMaxPool2d((3, None)), [doubles(1, 2, 9, 7)]),
    "adaptive_max_pool3d": (nn.AdaptiveMaxPool3d(2), [doubles(1, 2, 5, 4, 3)]),
    "flatten": (nn.Sequential(nn.Flatten(1, 2), nn.Unflatten(1, (2, 6))), [doubles(2, 3, 4)]),
    "pixel_shuffle": (nn.PixelShuffle(2), [doubles(1, 8, 2, 3)]),
    "paddings": (nn.Sequential(nn.ZeroPad2d((1, 0, 2, 1)), nn.ConstantPad2d(1, -0.5), nn.ReflectionPad2d(2), nn.ReplicationPad2d((0, 1, 1, 0)), nn.ConstantPad2d((-1, 0, 0, 0), 0.0)), [doubles(1, 1, 3, 4)]),
    "padding1d": (nn.Sequential(nn.ReflectionPad1d(1), nn.ReplicationPad1d((0, 2)), nn.ConstantPad1d(1, 2)), [doubles(1, 1, 4)]),
    "cnn": (nn.Sequential(nn.Conv2d(3, 6, 5), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.MaxPool2d(2, 2), nn.Conv2d(6, 16, 5), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10), nn.LogSoftmax(-1)), [doubles(2, 3, 20, 20)]),
    "attention": (nn.MultiheadAttention(8, 2, batch_first=True), [doubles(2, 5, 8), doubles(2, 6, 8), doubles(2, 6, 8)]),
    "attention_dims": (nn.MultiheadAttention(8, 4, bias=False, kdim=6, vdim=3), [doubles(5, 2, 8), doubles(7, 2, 6), doubles(7, 2, 3)]),
    "attention_unbatched": (nn.MultiheadAttention(8, 1), [doubles(5, 8), doubles(7, 8), doubles(7, 8)]),
    "encoder_layer": (nn.TransformerEncoderLayer(8, 2, 16), [doubles(5, 2, 8)]),
    "encoder_layer_gelu": (encoder_gelu, [doubles(2, 5, 8)]),
    "encoder_layer_module": (nn.TransformerEncoderLayer(8, 2, 16, activation=nn.SiLU()), [doubles(5, 2, 8), mask]),
    "encoder": (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, norm=nn.LayerNorm(8)), [doubles(2, 5, 8)]),
    "encoder_mask": (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), [doubles(2, 5, 8), mask.double().masked_fill(mask, -1.5)]),
    "iris": (IrisClassificationModel(), [doubles(3, 4)]),
}

for activation in [
        nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.RReLU(), nn.ELU(0.7), nn.CELU(1.3), nn.SELU(), nn.GELU(), nn.GELU(approximate="tanh"),
        nn.SiLU(), nn.Mish(), nn.Sigmoid(), nn.LogSigmoid(), nn.Tanh(), nn.Tanhshrink(), nn.Softsign(), nn.Softplus(2, 3), nn.Softshrink(0.3),
        nn.Hardtanh(-0.5, 2), nn.Hardswish(), nn.Hardsigmoid(), nn.Hardshrink(0.3), nn.Threshold(0.1, -3), nn.PReLU(), nn.GLU(1),
        nn.Softmax(), nn.Softmax(0), nn.Softmin(1), nn.LogSoftmax(1)]:
    name = type(activation).__name__.lower()
    while name in MODELS:
        name += "_2"
    MODELS[name] = (activation, [doubles(4, 6) * 3])
MODELS["softmax2d"] = (nn.Softmax2d(), [doubles(1, 3, 2, 2)])


def described(tensor):
    return {
        "dtype": str(tensor.dtype).split(".")[1],
        "shape": list(tensor.shape),
        "data": base64.b64encode(tensor.contiguous().numpy().tobytes()).decode(),
    }


def outputs(result):
    return [described(item) for item in (result if isinstance(result, tuple) else [result]) if item is not None]


entries = {}
for name, (module, inputs) in MODELS.items():
    # Weights with unusual strides stay as they are; the others become random.
    if name not in ("transposed_weights", "sliced_weights", "expanded_weights"):
        randomised(module)
    for dtype in (torch.float64, torch.float32):
        suffix = "" if dtype == torch.float64 else "_float"
        # double() would make every parameter contiguous; a deep copy keeps strides, as the file does.
        typed = copy.deepcopy(module)
        for part in typed.modules():
            for key, value in list(part._parameters.items()):
                if value is not None:
                    data = torch.empty_strided(value.size(), value.stride(), dtype=dtype) if 0 not in value.stride() else torch.zeros(1, value.size(1), dtype=dtype).expand(value.size())
                    if 0 not in value.stride():
                        data.copy_(value.detach())
                    else:
                        data[:1].copy_(value.detach()[:1])
                    part._parameters[key] = nn.Parameter(data)
            for key, value in list(part._buffers.items()):
                if value is not None and value.dtype.is_floating_point:
                    part._buffers[key] = value.to(dtype)
        if name == "tied_weights":
            typed[1].weight = typed[0].weight
        given = [item.to(dtype) if item.dtype.is_floating_point else item for item in inputs]
        torch.save(typed, OUT / f"{name}{suffix}.zip.torch")
        if dtype == torch.float64:
            torch.save(typed, OUT / f"{name}.legacy.torch", _use_new_zipfile_serialization=False)
        typed.eval()
        with torch.no_grad():
            result = typed(*given)
        entries[name + suffix] = {"inputs": [described(item) for item in given], "outputs": outputs(result)}

entries["linear"]["protocols"] = []
for protocol in (3, 4, 5):
    torch.save(MODELS["linear"][0].double(), OUT / f"linear.protocol{protocol}.torch", pickle_protocol=protocol)
    torch.save(MODELS["linear"][0].double(), OUT / f"linear.legacy_protocol{protocol}.torch", pickle_protocol=protocol, _use_new_zipfile_serialization=False)
    entries["linear"]["protocols"] += [f"linear.protocol{protocol}.torch", f"linear.legacy_protocol{protocol}.torch"]
(OUT / "models.json").write_text(json.dumps(entries))
