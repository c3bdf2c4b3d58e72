#!/usr/bin/python3
"""Makes models, requests and the answers that torch-serving gives, for the tests beside this file: make_models.py FOLDER.

The answers are computed here, by PyTorch and by a writer of torch-serving's JSON form that shares nothing with Granary's.
"""
import base64
import json
import math
import pathlib
import struct
import sys
import zlib
from typing import Any, Dict, List, NamedTuple, Optional, Tuple, Union

import torch
from torch import Tensor, nn

torch.set_num_threads(1)
torch.manual_seed(3)
FOLDER = pathlib.Path(sys.argv[1])


def number(value):
    """As nlohmann's json prints a double: the digits of repr, an exponent below 1e-4 and from 1e15 on."""
    if not math.isfinite(value):
        return "null"
    digits, exponent = (repr(abs(value)) + ("" if "e" in repr(value) else "e0")).split("e")
    whole, _, rest = digits.partition(".")
    point = len(whole) + int(exponent)
    digits = whole + rest
    point -= len(digits) - len(digits.lstrip("0"))
    digits = digits.lstrip("0").rstrip("0")
    if not digits:
        text = "0.0"
    elif len(digits) <= point <= 15:
        text = digits + "0" * (point - len(digits)) + ".0"
    elif 0 < point <= 15:
        text = digits[:point] + "." + digits[point:]
    elif -4 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + "e%+03d" % (point - 1)
    return ("-" if math.copysign(1, value) < 0 else "") + text


def atom(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, complex):
        return "[%s,%s]" % (number(value.real), number(value.imag))
    return number(value) if isinstance(value, float) else str(value)


def write(value):
    """torch-serving's form: compact, keys sorted."""
    if isinstance(value, Tensor):
        return '{"data_type":"%s","shape":[%s],"type":"tensor","value":[%s]}' % (
            str(value.dtype).replace("torch.", ""), ",".join(map(str, value.shape)), ",".join(map(atom, value.reshape(-1).tolist())))
    if isinstance(value, str):
        return '{"type":"string","value":%s}' % json.dumps(value, ensure_ascii=False)
    if value is None:
        return "null"
    if isinstance(value, (list, tuple)):
        return "[%s]" % ",".join(map(write, value))
    if isinstance(value, dict):
        entries = sorted((key if isinstance(key, str) else json.loads(json.dumps({key: 0}).split(":")[0][1:]), item) for key, item in value.items())
        inner = ",".join("%s:%s" % (json.dumps(key, ensure_ascii=False), write(item)) for key, item in entries)
        return '{"type":"generic_dict","value":{%s}}' % inner if entries else '{"type":"generic_dict"}'
    kind = {bool: "bool", int: "int64", float: "float64", complex: "complex128"}[type(value)]
    return '{"data_type":"%s","type":"scalar","value":%s}' % (kind, atom(value))


def answer(value):
    empty = value is None or (isinstance(value, (list, tuple)) and len(value) == 0)
    return '{"code":200,"description":"Success","message":"OK"%s}' % ("" if empty else ',"result":' + write(value))


class Example(nn.Module):
    """The model of torch-serving's README with smaller layers."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(2, 100)
        self.fc2 = nn.Linear(100, 40)
        self.fc3 = nn.Linear(40, 3)

    def forward(self, tensor_list: List[Tensor], single_tensor: Tensor, tensor_dict: Dict[str, Tensor], an_integer: int, a_string: str) -> Dict[str, Tuple[List[Tensor], str, int]]:
        x, y = tensor_list[0], tensor_list[1]
        first = self.fc3(self.fc2(self.fc1(x + tensor_dict["x"]))) + y * 2
        return {"out": ([first, y + single_tensor + tensor_dict["y"] + an_integer], a_string, an_integer)}


class Documented(nn.Module):
    """The return type that the README gives."""

    def __init__(self):
        super().__init__()
        self.inner = Example()

    def forward(self, d: List[Tensor], o: Tensor, td: Dict[str, Tensor], n: int, s: str) -> Tuple[Dict[str, Tuple[List[Tensor], str, int]], str]:
        return self.inner(d, o, td, n, s), "some string output"


class Point(NamedTuple):
    x: Tensor
    y: int


class Holder(NamedTuple):
    boxes: List[Point]
    name: str


TYPES = ["Tensor", "int", "float", "bool", "str", "complex", "List[int]", "List[float]", "List[bool]", "List[str]", "List[Tensor]", "List[List[int]]",
         "List[List[Tensor]]", "Dict[str, Tensor]", "Dict[str, int]", "Dict[int, str]", "Dict[float, int]", "Dict[bool, int]", "Dict[str, List[int]]",
         "Dict[str, Dict[str, float]]", "Tuple[int, str]", "Tuple[Tensor, Tuple[int, float]]", "List[Tuple[int, str]]", "Optional[Tensor]", "Optional[int]",
         "Point", "Holder", "Dict[str, Point]", "List[Optional[int]]", "Union[int, str, List[float]]", "Any"]


def echo(kind):
    space = {}
    source = "class Echo(nn.Module):\n    def forward(self, x: %s) -> %s:\n        return x\n" % (kind, kind)
    path = FOLDER / ("echo_%d.py" % TYPES.index(kind))
    path.write_text("from typing import *\nimport torch\nfrom torch import Tensor, nn\nfrom __main__ import Point, Holder\n" + source)
    exec(compile(path.read_text(), str(path), "exec"), space)
    return torch.jit.script(space["Echo"]())


def name_of(kind):
    return "echo_%d.pt" % TYPES.index(kind)


def tensor(values, shape, dtype=None):
    return {"type": "tensor", "shape": shape, "value": values, **({"data_type": dtype} if dtype else {})}


def scalar(value, dtype):
    return {"type": "scalar", "value": value, "data_type": dtype}


def string(value):
    return {"type": "string", "value": value}


def gdict(value):
    return {"type": "generic_dict", "value": value}


F = torch.float32


def png():
    """Two pixels: red, green."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 2, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes([0, 255, 0, 0, 0, 255, 0])))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")).decode()


IMAGE = png()
CASES = [
    # Tensors in torch-serving's form: every dtype, exact.
    ("Tensor", tensor([10, 1, 1], [1, 3]), torch.tensor([[10, 1, 1]], dtype=F)),
    ("Tensor", tensor([0.1, -2.5, 1e-7, 3.4e38, 1e15, 1e16, 123456789, 1e-5, 0.0001, -0.0], [2, 5]), torch.tensor([[0.1, -2.5, 1e-7, 3.4e38, 1e15], [1e16, 123456789, 1e-5, 0.0001, -0.0]], dtype=F)),
    ("Tensor", tensor([1.5], []), torch.tensor(1.5)),
    ("Tensor", tensor([], [0]), torch.zeros(0)),
    ("Tensor", tensor([], [2, 0, 3]), torch.zeros(2, 0, 3)),
    ("Tensor", tensor([0.1, 1e-300, 1.7976931348623157e308, 5e-324, math.pi], [5], "float64"), torch.tensor([0.1, 1e-300, 1.7976931348623157e308, 5e-324, math.pi], dtype=torch.float64)),
    ("Tensor", tensor([0.1, 65504, 6e-8], [3], "float16"), torch.tensor([0.1, 65504, 6e-8], dtype=torch.float16)),
    ("Tensor", tensor([0.1, 3e38], [2], "bfloat16"), torch.tensor([0.1, 3e38], dtype=torch.bfloat16)),
    ("Tensor", tensor([9007199254740993, -9223372036854775808, 9223372036854775807], [3], "int64"), torch.tensor([9007199254740993, -9223372036854775808, 9223372036854775807])),
    ("Tensor", tensor([2147483647, -16777217], [2], "int32"), torch.tensor([2147483647, -16777217], dtype=torch.int32)),
    ("Tensor", tensor([-32768, 32767], [2], "int16"), torch.tensor([-32768, 32767], dtype=torch.int16)),
    ("Tensor", tensor([-128, 127], [2], "int8"), torch.tensor([-128, 127], dtype=torch.int8)),
    ("Tensor", tensor([0, 255], [2], "uint8"), torch.tensor([0, 255], dtype=torch.uint8)),
    ("Tensor", tensor([1, 0, True, False], [4], "bool"), torch.tensor([True, False, True, False])),
    ("Tensor", tensor([[1, 2], [3.5, -4]], [2], "complex64"), torch.tensor([1 + 2j, 3.5 - 4j], dtype=torch.complex64)),
    ("Tensor", tensor([3.0, 1e2], [2], "int"), torch.tensor([3, 100], dtype=torch.int32)),
    ("Tensor", tensor([1, 2], [2], "float"), torch.tensor([1, 2], dtype=F)),
    ("Tensor", [tensor([10, 1, 1], [1, 3])], torch.tensor([[10, 1, 1]], dtype=F)),
    ("Tensor", {"value": [1, 2], "shape": [2], "data_type": "int64", "type": "tensor"}, torch.tensor([1, 2])),
    ("Tensor", {"data_type": "int64", "shape": [2], "type": "tensor", "value": [1, 2], "extra": {"a": [1]}}, torch.tensor([1, 2])),
    ("Tensor", {"type": "tensor", "value": [1, 2], "shape": [1, 2], "data_type": "float64"}, torch.tensor([[1, 2]], dtype=torch.float64)),
    ("Tensor", {"type": "image", "value": IMAGE, "mean": 0.5, "std": [0.5, 0.5, 0.5]}, torch.tensor([[[[1.0, -1.0]], [[-1.0, 1.0]], [[-1.0, -1.0]]]])),
    ("Tensor", {"type": "image", "value": IMAGE}, torch.tensor([[[[1.0, 0.0]], [[0.0, 1.0]], [[0.0, 0.0]]]])),
    # The same in plain JSON.
    ("Tensor", [[10, 1, 1]], torch.tensor([[10, 1, 1]], dtype=F)),
    ("Tensor", 7, torch.tensor(7, dtype=F)),
    ("Tensor", [[True], [False]], torch.tensor([[True], [False]])),
    # Scalars.
    ("int", scalar(30, "int32"), 30),
    ("int", scalar(9007199254740993, "int64"), 9007199254740993),
    ("int", scalar(-9223372036854775808, "int"), -9223372036854775808),
    ("int", scalar(200, "uint8"), 200),
    ("int", 9007199254740993, 9007199254740993),
    ("int", [5], 5),
    ("float", scalar(0.1, "float32"), torch.tensor(0.1).item()),
    ("float", scalar(0.1, "float64"), 0.1),
    ("float", scalar(0.1, "float"), 0.1),
    ("float", scalar(0.1, "float16"), torch.tensor(0.1, dtype=torch.float16).item()),
    ("float", 1e300, 1e300),
    ("float", 60, 60.0),
    ("bool", scalar(1, "bool"), True),
    ("bool", scalar(False, "bool"), False),
    ("bool", True, True),
    ("complex", [1.5, -2], 1.5 - 2j),
    ("complex", scalar([1.5, -2], "complex128"), 1.5 - 2j),
    ("str", string("Hello!"), "Hello!"),
    ("str", "é \"q\" \\ \n \t \u0001 😀", "é \"q\" \\ \n \t \u0001 😀"),
    ("str", string(""), ""),
    # Lists.
    ("List[int]", [1, -2, 9007199254740993], [1, -2, 9007199254740993]),
    ("List[int]", [scalar(1, "int32"), 2], [1, 2]),
    ("List[int]", {"type": "list", "value": [scalar(1, "int64")]}, [1]),
    ("List[int]", [], []),
    ("List[float]", [1, 0.1], [1.0, 0.1]),
    ("List[bool]", [True, scalar(False, "bool")], [True, False]),
    ("List[str]", ["a", string("b")], ["a", "b"]),
    ("List[Tensor]", {"type": "tensor_list", "value": [tensor([1], [1]), {"shape": [2], "value": [1, 2], "data_type": "int64"}]}, [torch.tensor([1.0]), torch.tensor([1, 2])]),
    ("List[Tensor]", [{"type": "tensor_list", "value": [tensor([1], [1])]}], [torch.tensor([1.0])]),
    ("List[Tensor]", [tensor([1], [1])], [torch.tensor([1.0])]),
    ("List[Tensor]", [tensor([1], [1]), [2, 3]], [torch.tensor([1.0]), torch.tensor([2.0, 3.0])]),
    ("List[Tensor]", {"type": "tensor_list", "value": []}, []),
    ("List[List[int]]", [[1, 2], [], [3]], [[1, 2], [], [3]]),
    ("List[List[Tensor]]", [[[1, 2], tensor([3], [1])], []], [[torch.tensor([1.0, 2.0]), torch.tensor([3.0])], []]),
    ("List[Tuple[int, str]]", [[1, "a"], [scalar(2, "int32"), string("b")]], [(1, "a"), (2, "b")]),
    ("List[Optional[int]]", [1, None, scalar(3, "int64")], [1, None, 3]),
    # Dictionaries.
    ("Dict[str, Tensor]", {"type": "tensor_dict", "value": {"y": tensor([1, 2], [2]), "x": tensor([3], [1])}}, {"y": torch.tensor([1.0, 2.0]), "x": torch.tensor([3.0])}),
    ("Dict[str, Tensor]", {"type": [1], "value": tensor([2], [1])}, {"type": torch.tensor([1.0]), "value": torch.tensor([2.0])}),
    ("Dict[str, int]", {"b": 1, "a": 2, "é": 3, "😀": 4, "\ufb00": 5}, {"b": 1, "a": 2, "é": 3, "😀": 4, "\ufb00": 5}),
    ("Dict[str, int]", gdict({"a": scalar(1, "int64")}), {"a": 1}),
    ("Dict[str, int]", {}, {}),
    ("Dict[str, int]", {"type": "generic_dict"}, {}),
    ("Dict[int, str]", {"1": "a", "-2": string("b")}, {1: "a", -2: "b"}),
    ("Dict[int, str]", gdict({"1": "a"}), {1: "a"}),
    ("Dict[float, int]", {"0.5": 1, "2": 3}, {0.5: 1, 2.0: 3}),
    ("Dict[bool, int]", {"true": 1, "false": 0}, {True: 1, False: 0}),
    ("Dict[str, List[int]]", {"a": [1, 2], "b": []}, {"a": [1, 2], "b": []}),
    ("Dict[str, Dict[str, float]]", {"a": {"b": 0.1}, "c": gdict({"d": 2})}, {"a": {"b": 0.1}, "c": {"d": 2.0}}),
    # Tuples, named and not, optional and alternative values.
    ("Tuple[int, str]", [1, "a"], (1, "a")),
    ("Tuple[int, str]", {"type": "tuple", "value": [scalar(1, "int64"), string("a")]}, (1, "a")),
    ("Tuple[Tensor, Tuple[int, float]]", [tensor([1], [1]), [2, 0.5]], (torch.tensor([1.0]), (2, 0.5))),
    ("Point", {"x": [1, 2], "y": 3}, (torch.tensor([1.0, 2.0]), 3)),
    ("Point", [tensor([1], [1]), scalar(4, "int64")], (torch.tensor([1.0]), 4)),
    ("Point", {"type": "named_tuple", "value": {"y": 5, "x": tensor([1], [1])}}, (torch.tensor([1.0]), 5)),
    ("Holder", {"boxes": [{"y": 3, "x": [1]}, [[2], 7]], "name": "n"}, ([(torch.tensor([1.0]), 3), (torch.tensor([2.0]), 7)], "n")),
    ("Dict[str, Point]", {"p": {"x": 1, "y": 2}}, {"p": (torch.tensor(1.0), 2)}),
    ("Optional[Tensor]", None, None),
    ("Optional[Tensor]", tensor([1], [1]), torch.tensor([1.0])),
    ("Optional[Tensor]", [[1]], torch.tensor([[1.0]])),
    ("Optional[int]", {"type": "none"}, None),
    ("Optional[int]", 3, 3),
    ("Union[int, str, List[float]]", 3, 3),
    ("Union[int, str, List[float]]", string("a"), "a"),
    ("Union[int, str, List[float]]", [0.5, 1], [0.5, 1.0]),
    ("Any", scalar(3, "int64"), 3),
    ("Any", {"type": "tensor_list", "value": [tensor([1], [1])]}, [torch.tensor([1.0])]),
    ("Any", {"a": [1, 2]}, {"a": [1, 2]}),
]

EXAMPLE = [
    {"type": "tensor_list", "value": [tensor([10, 1], [1, 2]), tensor([10, 1, 1], [1, 3])]},
    tensor([10, 1, 1], [1, 3]),
    {"type": "tensor_dict", "value": {"x": tensor([10, 1], [1, 2]), "y": tensor([10, 1, 1], [1, 3])}},
    scalar(30, "int32"),
    string("Hello!"),
]
PLAIN = {"tensor_list": [[[10, 1]], [[10, 1, 1]]], "single_tensor": [[10, 1, 1]], "tensor_dict": {"x": [[10, 1]], "y": [[10, 1, 1]]}, "an_integer": 30, "a_string": "Hello!"}


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x @ torch.zeros(2, 3)


class NoForward(nn.Module):
    @torch.jit.export
    def other(self, x: Tensor) -> Tensor:
        return x


def main():
    requests = []
    example = torch.jit.script(Example()).eval()
    example.save(str(FOLDER / "model-example.pt"))
    documented = torch.jit.script(Documented()).eval()
    documented.save(str(FOLDER / "documented.pt"))
    row, other = torch.tensor([[10.0, 1.0]]), torch.tensor([[10.0, 1.0, 1.0]])
    arguments = ([row, other], other, {"x": row, "y": other}, 30, "Hello!")
    for body in (EXAMPLE, PLAIN, list(PLAIN.values())):
        requests.append(("model-example.pt", body, answer(example(*arguments))))
    requests.append(("documented.pt", EXAMPLE, answer(documented(*arguments))))
    for kind in TYPES:
        echo(kind).save(str(FOLDER / name_of(kind)))
    for kind, body, expected in CASES:
        requests.append((name_of(kind), body, answer(expected)))
    torch.jit.script(Raises()).save(str(FOLDER / "raises.pt"))
    torch.jit.script(NoForward()).save(str(FOLDER / "no_forward.pt"))
    (FOLDER / "requests.json").write_text(json.dumps([{"model": model, "body": json.dumps(body), "answer": text} for model, body, text in requests]))


main()
