import type { Checks } from '../check.ts'

/** Array buffers, typed arrays and DataView. */
export const binary: Checks = {
  'values wrap or clamp': [
    'return [[...new Uint8Array([256, -1, 1.9])], [...new Uint8ClampedArray([300, -5, 1.5, 2.5])], [...new Int16Array([40000])], [...new Float32Array([1.1])][0] === Math.fround(1.1)]',
    [[0, 255, 1], [255, 0, 2, 2], [-25536], true],
  ],
  'views share a buffer': [
    'const b = new ArrayBuffer(4); new Uint8Array(b).set([1, 2, 3, 4]); return [new Uint16Array(b)[0], new Uint8Array(b, 1, 2).length, throws(() => new Uint16Array(b, 1))]',
    [513, 2, 'RangeError'],
  ],
  DataView: [
    'const v = new DataView(new ArrayBuffer(16)); v.setInt16(0, -2); v.setFloat64(8, 1.5, true); v.setBigUint64(0, 2n ** 63n); return [v.getUint8(0), v.getFloat64(8, true), String(v.getBigInt64(0)), throws(() => v.getInt8(16)), v.byteLength]',
    [128, 1.5, '-9223372036854775808', 'RangeError', 16],
  ],
  'DataView of half floats':
    'const v = new DataView(new ArrayBuffer(2)); v.setFloat16(0, 1.5); return v.getFloat16(0) === 1.5 && v.getUint16(0) === 0x3e00',
  Float16Array:
    'return new Float16Array([1.337])[0] === 1.3369140625 && Float16Array.BYTES_PER_ELEMENT === 2',
  BigInt64Array: [
    'const a = new BigInt64Array(1); a[0] = 2n ** 63n; return [String(a[0]), throws(() => { a[0] = 1 })]',
    ['-9223372036854775808', 'TypeError'],
  ],
  'typed array methods': [
    'const a = Int8Array.of(3, 1, 2); return [[...a.toSorted()], [...a.map((x) => x * 2)], [...a.subarray(1)], a.join("-"), [...a.with(0, 9)], a.includes(2), a.at(-1), [...a.slice(0, 1)], a.findLast((x) => x > 1), [...a.toReversed()]]',
    [[1, 2, 3], [6, 2, 4], [1, 2], '3-1-2', [9, 1, 2], true, 2, [3], 2, [2, 1, 3]],
  ],
  'sorting is by number, NaN last': [
    'return [...new Float64Array([3, NaN, -0, 0, 10, -Infinity]).sort()].map((x) => (Object.is(x, -0) ? "-0" : String(x)))',
    ['-Infinity', '-0', '0', '3', '10', 'NaN'],
  ],
  'set and copyWithin': [
    'const a = new Uint8Array([1, 2, 3, 4]); a.set(a.subarray(0, 2), 1); a.copyWithin(0, 3); return [[...a], throws(() => a.set([1], 4))]',
    [[4, 1, 2, 4], 'RangeError'],
  ],
  'out of bounds is ignored':
    'const a = new Uint8Array(1); a[5] = 1; return a[5] === undefined && !(5 in a) && a[-1] === undefined && Object.keys(a).join() === "0"',
  'resizable buffers': [
    'const b = new ArrayBuffer(2, { maxByteLength: 4 }); const a = new Uint8Array(b); b.resize(4); const l = a.length; b.resize(1); return [l, a.length, b.resizable, b.maxByteLength, throws(() => b.resize(5))]',
    [4, 1, true, 4, 'RangeError'],
  ],
  'transfer detaches': [
    'const b = new ArrayBuffer(4); const a = new Uint8Array(b); const c = b.transfer(8); return [b.byteLength, b.detached, c.byteLength, a.length, throws(() => b.slice())]',
    [0, true, 8, 0, 'TypeError'],
  ],
  'slice of a buffer copies':
    'const b = new Uint8Array([1, 2, 3]).buffer; const c = b.slice(1); new Uint8Array(c)[0] = 9; return new Uint8Array(b)[1] === 2 && c.byteLength === 2 && ArrayBuffer.isView(new DataView(b)) && !ArrayBuffer.isView(b)',
  'typed arrays from iterables and lengths': [
    'return [[...Uint8Array.from("123")], [...Uint8Array.from({ length: 2 }, (_, i) => i)], new Uint8Array(3).length, throws(() => new Uint8Array(-1)), throws(() => Uint8Array(1))]',
    [[1, 2, 3], [0, 1], 3, 'RangeError', 'TypeError'],
  ],
  'the common class of typed arrays':
    'const T = Object.getPrototypeOf(Uint8Array); return T.name === "TypedArray" && throws(() => new T()) === "TypeError" && Object.getPrototypeOf(Uint8Array.prototype) === T.prototype && flags(T.prototype, Symbol.toStringTag) === "g-c" && T.prototype.toString === Array.prototype.toString',
  'base64 and hex': [
    'return [new Uint8Array([104, 105]).toBase64(), [...Uint8Array.fromBase64("aGk=")], new Uint8Array([255, 1]).toHex(), [...Uint8Array.fromHex("ff01")], throws(() => Uint8Array.fromHex("f"))]',
    ['aGk=', [104, 105], 'ff01', [255, 1], 'SyntaxError'],
  ],
  'toLocaleString of typed arrays': [
    'return [new Uint16Array([1000, 2]).toLocaleString(), new Float64Array([1234.5]).toLocaleString("de"), new BigInt64Array([1000n]).toLocaleString(), new Uint8Array().toLocaleString()]',
    ['1,000,2', '1.234,5', '1,000', ''],
  ],
  'toLocaleString of typed arrays asks each number': [
    'const old = Number.prototype.toLocaleString; let n = 0; Number.prototype.toLocaleString = function () { n++; return "x" }; const r = new Uint8Array(3).toLocaleString(); Number.prototype.toLocaleString = old; return [r, n]',
    ['x,x,x', 3],
  ],
  'toLocaleString of typed arrays checks its receiver':
    'const f = Uint8Array.prototype.toLocaleString; return throws(() => f.call([])) === "TypeError" && throws(() => f.call(null)) === "TypeError" && throws(() => { const a = new Uint8Array(2); a.buffer.transfer(); a.toLocaleString() }) === "TypeError"',
  'toLocaleString of typed arrays is a method':
    'return method(Object.getPrototypeOf(Uint8Array.prototype), "toLocaleString", 0)',
  SharedArrayBuffer: 'return new SharedArrayBuffer(4).byteLength === 4',
  Atomics:
    'const a = new Int32Array(2); return Atomics.add(a, 0, 5) === 0 && Atomics.load(a, 0) === 5',
}
