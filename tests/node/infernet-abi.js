// Encodes and decodes the on-chain vectors of the Infernet torch service with ethers' ABI coder and JavaScript's own number
// formats, independently of Granary. One JSON request a line in, one JSON answer a line out. Values are texts: numbers,
// whole numbers, "true"/"false", and "real,imaginary".
"use strict";
const { AbiCoder } = require("ethers");

const coder = AbiCoder.defaultAbiCoder();
const view = new DataView(new ArrayBuffer(16));

const FIRST = ["uint32", "uint64", "uint64", "uint128", "uint16", "uint16", "uint8", "int8", "int16", "int32", "int64", "bool"];
const FIRST_KIND = ["f32", "f64", "c64", "c128", "f16", "f16", "int", "int", "int", "int", "int", "bool"];
const SECOND = ["int16", "int32", "int64", "int128", "int256", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "uint64", "uint128", "bool"];
const SECOND_KIND = ["f16", "f32", "f64", "f64", "f64", "int", "int", "int", "int", "int", "int", "int", "int", "c64", "c128", "bool"];

function halfBits(number) {
  if (Number.isNaN(number)) return 0x7e00n;
  const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0;
  const size = Math.abs(number);
  if (size === Infinity) return BigInt(sign | 0x7c00);
  if (size < 2 ** -14) return BigInt(sign | (size / 2 ** -24));
  let exponent = 15;
  while (size < 2 ** exponent) exponent--;
  return BigInt(sign | ((exponent + 15) << 10) | ((size / 2 ** exponent - 1) * 1024));
}

function halfValue(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function toBits(kind, text) {
  const parts = text.split(",").map(Number);
  switch (kind) {
    case "f16": return halfBits(parts[0]);
    case "f32": view.setFloat32(0, parts[0]); return BigInt(view.getUint32(0));
    case "f64": view.setFloat64(0, parts[0]); return view.getBigUint64(0);
    case "c64": view.setFloat32(0, parts[0]); view.setFloat32(4, parts[1]); return view.getBigUint64(0);
    case "c128": view.setFloat64(0, parts[0]); view.setFloat64(8, parts[1]); return (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
    case "bool": return text === "true";
    default: return BigInt(text);
  }
}

function number(value) {
  return Object.is(value, -0) ? "-0" : String(value);
}

function fromBits(kind, bits) {
  switch (kind) {
    case "f16": return number(halfValue(Number(BigInt.asUintN(16, bits))));
    case "f32": view.setUint32(0, Number(BigInt.asUintN(32, bits))); return number(view.getFloat32(0));
    case "f64": view.setBigUint64(0, BigInt.asUintN(64, bits)); return number(view.getFloat64(0));
    case "c64": view.setBigUint64(0, bits); return `${number(view.getFloat32(0))},${number(view.getFloat32(4))}`;
    case "c128": view.setBigUint64(0, bits >> 64n); view.setBigUint64(8, BigInt.asUintN(64, bits)); return `${number(view.getFloat64(0))},${number(view.getFloat64(8))}`;
    default: return String(bits);
  }
}

// Generation 2.0 takes the bits of a real number for a signed integer.
function signed(type, kind, bits) {
  return kind.startsWith("f") ? BigInt.asIntN(Number(kind.slice(1)), bits) : bits;
}

function scaledValue(whole, scale) {
  return number(Number(`${whole}e-${scale}`));
}

function decodeFixed(dtype, word, scale) {
  switch (SECOND_KIND[dtype]) {
    case "int": case "bool": return String(word);
    case "c64": return `${scaledValue(BigInt.asIntN(32, word >> 32n), scale)},${scaledValue(BigInt.asIntN(32, word), scale)}`;
    case "c128": return `${scaledValue(BigInt.asIntN(64, word >> 64n), scale)},${scaledValue(BigInt.asIntN(64, word), scale)}`;
    default: return scaledValue(word, scale);
  }
}

const operations = {
  vector1: ({ dtype, shape, values }) =>
    coder.encode(["uint8", "uint16[]", FIRST[dtype] + "[]"], [dtype, shape, values.map((text) => toBits(FIRST_KIND[dtype], text))]),
  vector2: ({ arithmetic, scale, dtype, shape, values }) =>
    coder.encode(
      ["uint8", "uint8", "uint8", "uint16[]", SECOND[dtype] + "[]"],
      [arithmetic, scale, dtype, shape, values.map((text) => arithmetic ? (SECOND_KIND[dtype] === "bool" ? text === "true" : BigInt(text)) : signed(SECOND[dtype], SECOND_KIND[dtype], toBits(SECOND_KIND[dtype], text)))]),
  encode: ({ types, values }) => coder.encode(types, values),
  decode: ({ types, data }) => coder.decode(types, data).toArray(),
  read0: ({ data }) => [...coder.decode(["int256[]"], data)[0]].map((word) => scaledValue(word, 18)),
  read1: ({ data }) => {
    const [dtype, shape] = coder.decode(["uint8", "uint16[]"], data);
    const values = coder.decode(["uint8", "uint16[]", FIRST[dtype] + "[]"], data)[2];
    return { dtype: Number(dtype), shape: [...shape].map(Number), values: [...values].map((bits) => fromBits(FIRST_KIND[dtype], bits)) };
  },
  read2: ({ data }) => {
    const [arithmetic, scale, dtype, shape] = coder.decode(["uint8", "uint8", "uint8", "uint16[]"], data);
    const values = coder.decode(["uint8", "uint8", "uint8", "uint16[]", SECOND[dtype] + "[]"], data)[4];
    return {
      arithmetic: Number(arithmetic), scale: Number(scale), dtype: Number(dtype), shape: [...shape].map(Number),
      words: [...values].map(String),
      values: [...values].map((word) => arithmetic ? decodeFixed(Number(dtype), word, scale) : fromBits(SECOND_KIND[dtype], word)),
    };
  },
};

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = { result: operations[request.op](request) };
  } catch (error) {
    answer = { error: String(error.message) };
  }
  process.stdout.write(JSON.stringify(answer, (_, value) => typeof value === "bigint" ? String(value) : value) + "\n");
});
