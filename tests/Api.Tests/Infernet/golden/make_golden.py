#!/usr/bin/env python3
"""Writes the golden wire files: requests of the three Infernet generations and the answers of a model that returns its input.

Needs nothing but Python: what PyTorch would hold is computed with struct, so the expectations do not come from the code under test.
Run: python3 make_golden.py
"""
import json
import pathlib
import struct

HERE = pathlib.Path(__file__).parent
NAN, INF = float("nan"), float("inf")

# name -> (values as sent, values as PyTorch holds them)
FLOATS = [0, -0.0, 1, -2.5, 1e-7, 6.5e4, 0.1, NAN, INF, -INF]
def half(v): return struct.unpack("<e", struct.pack("<e", v))[0]
def single(v): return struct.unpack("<f", struct.pack("<f", v))[0]
EXACT = [0, -0.0, 1, -2.5, 0.125, 65504, NAN, INF, -INF]
BOTH = {
    "float": EXACT, "double": FLOATS, "half": EXACT,
    "uint8": [0, 1, 255], "int8": [-128, 0, 127], "short": [-32768, 0, 32767], "int": [-2147483648, 0, 2147483647],
    "long": [-9223372036854775808, 0, 9223372036854775807], "bool": [True, False, True],
}
NUMBERS = {"half": 0, "float": 1, "double": 2, "int8": 5, "short": 6, "int": 7, "long": 8, "uint8": 9, "bool": 15}
EXTRA_NUMBERS = {3: FLOATS, 4: FLOATS, 10: [0, 65535], 11: [0, 4294967295], 12: [0, 18446744073709551615]}
FLOAT_NAMES = {"float", "double", "half", "bfloat16"}
ALIASES = {"float32": "float", "float64": "double", "float16": "half", "int16": "short", "int32": "int", "int64": "long"}


def held(name, values):
    return [float(v) for v in values] if name in FLOAT_NAMES else values


def write(name, data, answer):
    (HERE / f"{name}.request.json").write_text(json.dumps({"source": 1, "destination": 1, "data": data, "requires_proof": False}))
    (HERE / f"{name}.response.json").write_text(json.dumps(answer, separators=(",", ":")))


def main():
    for name, values in {**BOTH, "bfloat16": [0, 1, -2.5, NAN, INF]}.items():
        kept = held(name, values)
        write(f"g0-{name}", {"dtype": name, "values": [values, values], "more": None}, {"data": [kept, kept]})
        write(f"g1-{name}", {"input": {"dtype": name, "shape": [2, 1, len(values)], "values": [[values], [values]]}},
              {"dtype": name, "shape": [2, 1, len(values)], "values": kept + kept})
        write(f"g1-seed-form-{name}", {"inputs": {"input": {"values": [values], "shape": [1, len(values)], "dtype": name}}},
              {"dtype": name, "shape": [1, len(values)], "values": kept})
    for name, values in BOTH.items():
        write(f"g2-{name}", {"model_id": None, "input": {"dtype": NUMBERS[name], "shape": [1, len(values)], "values": values}, "output_arithmetic": "ieee", "output_num_decimals": 6},
              {"dtype": NUMBERS[name], "shape": [1, len(values)], "values": held(name, values)})
    for number, values in EXTRA_NUMBERS.items():
        kept = [float(v) for v in values] if number < 5 else values
        write(f"g2-number-{number}", {"input": {"values": values, "dtype": number, "shape": [len(values)]}, "output_arithmetic": "fixed_point"},
              {"dtype": 2 if number < 5 else number, "shape": [len(values)], "values": kept})
    for alias, name in ALIASES.items():
        write(f"g1-alias-{alias}", {"input": {"dtype": alias, "shape": [1], "values": [1]}}, {"dtype": name, "shape": [1], "values": held(name, [1])})

    write("g0-inferred-long", {"values": [[1, 2], [3, 4]]}, {"data": [[1, 2], [3, 4]]})
    write("g0-inferred-float", {"dtype": None, "values": [[1, 2.5]]}, {"data": [[1.0, 2.5]]})
    write("g0-inferred-bool", {"values": [[True], [False]]}, {"data": [[True], [False]]})
    write("g0-deep", {"values": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]], "dtype": "int"}, {"data": [[1, 2, 3, 4], [5, 6, 7, 8]]})
    write("g0-row", {"values": [1, 2], "dtype": "int"}, {"data": [[1], [2]]})
    write("g1-scalar", {"input": {"dtype": "double", "shape": [], "values": 7}}, {"dtype": "double", "shape": [], "values": [7.0]})
    write("g1-empty", {"input": {"dtype": "double", "shape": [0, 4], "values": []}}, {"dtype": "double", "shape": [0, 4], "values": []})
    write("g2-defaults", {"input": {"values": [0.5]}}, {"dtype": 1, "shape": [], "values": [0.5]})
    write("g2-unnamed-input", {"inputs": {"dtype": 2, "shape": [1], "values": [0.5]}}, {"dtype": 2, "shape": [1], "values": [0.5]})
    write("g2-input-wins", {"inputs": {"input": {"dtype": 2, "shape": [1], "values": [1]}}, "input": {"dtype": 2, "shape": [1], "values": [2]}, "values": [3]},
          {"dtype": 2, "shape": [1], "values": [2.0]})
    write("g1-true-output-dtype", {"model_id": "argmax", "input": {"dtype": "float", "shape": [1, 3], "values": [[0, 1, 0.5]]}}, {"dtype": "long", "shape": [1], "values": [1]})
    write("g2-true-output-dtype", {"model_id": "argmax", "input": {"dtype": 1, "shape": [1, 3], "values": [0, 1, 0.5]}}, {"dtype": 8, "shape": [1], "values": [1]})
    write("g2-bfloat16-output", {"model_id": "bfloat16", "input": {"dtype": 1, "shape": [2], "values": [1.5, -2]}}, {"dtype": 1, "shape": [2], "values": [1.5, -2.0]})
    write("g0-tuple", {"model_id": "pair", "dtype": "double", "values": [[1, 2]]}, {"data": [[1.0, 2.0], [1.0, 2.0]]})


main()
