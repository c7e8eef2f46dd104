import type { Checks } from '../check.ts'

/** Numbers, big integers and Math. */
export const numbers: Checks = {
  'conversion from text': [
    'return [Number(""), Number(" 12 "), Number("0x1f"), Number("1e3"), Number.isNaN(Number("1a")), parseInt("12px"), parseInt("z", 36), parseFloat("1.5.5"), Number("0b11"), Number(null)]',
    [0, 12, 31, 1000, true, 12, 35, 1.5, 3, 0],
  ],
  'conversion to text': [
    'return [(255).toString(16), (0.1 + 0.2).toString(), (1e21).toString(), (1e-7).toString(), (-255).toString(2), (0.5).toString(2), String(-0), throws(() => (1).toString(1))]',
    ['ff', '0.30000000000000004', '1e+21', '1e-7', '-11111111', '0.1', '0', 'RangeError'],
  ],
  'toFixed, toPrecision, toExponential': [
    'return [(1.005).toFixed(2), (1234.5678).toFixed(1), (0).toFixed(2), (1e21).toFixed(2), (123.456).toPrecision(4), (12345).toExponential(2), (-1.5).toFixed(0), throws(() => (1).toFixed(101))]',
    ['1.00', '1234.6', '0.00', '1e+21', '123.5', '1.23e+4', '-2', 'RangeError'],
  ],
  constants:
    'return Number.MAX_SAFE_INTEGER === 2 ** 53 - 1 && Number.EPSILON === 2 ** -52 && Number.MIN_VALUE === 5e-324 && Number.MAX_VALUE === 1.7976931348623157e308 && flags(Number, "MAX_VALUE") === "---"',
  predicates: [
    'return [Number.isInteger(5.0), Number.isInteger("5"), Number.isSafeInteger(2 ** 53), Number.isFinite("1"), isFinite("1"), Number.isNaN("x"), isNaN("x")]',
    [true, false, false, false, true, false, true],
  ],
  'minus zero':
    'return Object.is(-0, 0 * -1) && 1 / -0 === -Infinity && Object.is(Math.round(-0.4), -0) && Object.is(+"-0", -0)',
  'remainder keeps the sign of the left side': [
    'return [5 % 3, -5 % 3, 5 % -3, 5.5 % 2]',
    [2, -2, 2, 1.5],
  ],
  'integer limits of bit operations': [
    'return [2 ** 32 | 0, 2 ** 31 | 0, -1 >>> 0, 1 << 32]',
    [0, -2147483648, 4294967295, 1],
  ],
  'Math of integers': [
    'return [Math.trunc(-1.5), Math.sign(-3), Math.clz32(1), Math.imul(0xffffffff, 5), Math.fround(5.5), Math.cbrt(27), Math.hypot(3, 4), Math.round(2.5), Math.round(-2.5)]',
    [-1, -1, 31, -5, 5.5, 3, 5, 3, -2],
  ],
  'Math of reals':
    'return Math.abs(Math.sin(Math.PI)) < 1e-15 && Math.log2(8) === 3 && Math.log10(1000) === 3 && Math.expm1(0) === 0 && Math.log1p(0) === 0 && Math.atan2(1, 1) === Math.PI / 4 && Math.sinh(0) === 0',
  'Math.max and min':
    'return Math.max() === -Infinity && Math.min() === Infinity && Number.isNaN(Math.max(1, NaN)) && Object.is(Math.max(-0, 0), 0)',
  'Math.f16round': 'return Math.f16round(5.05) === 5.05078125 && Math.f16round(65520) === Infinity',
  'Math.sumPrecise': 'return Math.sumPrecise([1e20, 0.1, -1e20]) === 0.1',
  'Math.random':
    'const a = Array.from({ length: 1000 }, Math.random); return a.every((x) => x >= 0 && x < 1) && new Set(a).size === 1000',
  'Math.random is a method': 'return method(Math, "random", 0)',
  'Math itself':
    'return Object.prototype.toString.call(Math) === "[object Math]" && typeof Math === "object" && throws(() => new Math()) === "TypeError" && flags(Math, "PI") === "---" && flags(globalThis, "Math") === "w-c"',
  'big integers': [
    'return [2n ** 100n, 7n / 2n, -7n / 2n, -7n % 3n, 5n & 3n, ~5n, 1n << 70n, -5n >> 1n].map(String)',
    ['1267650600228229401496703205376', '3', '-3', '-1', '1', '-6', '1180591620717411303424', '-3'],
  ],
  'big integers and numbers': [
    'return [1n == 1, 1n === 1, 2n > 1, 0n ? 1 : 2, typeof 1n, throws(() => 1n + 1), throws(() => Math.max(1n)), throws(() => +1n), Number(5n)]',
    [true, false, true, 2, 'bigint', 'TypeError', 'TypeError', 'TypeError', 5],
  ],
  'BigInt()': [
    'return [String(BigInt("0xff")), String(BigInt(" 12 ")), String(BigInt(true)), throws(() => BigInt(1.5)), throws(() => BigInt("1.5")), throws(() => new BigInt(1)), throws(() => BigInt(undefined))]',
    ['255', '12', '1', 'RangeError', 'SyntaxError', 'TypeError', 'TypeError'],
  ],
  'BigInt.asIntN and asUintN': [
    'return [String(BigInt.asIntN(8, 255n)), String(BigInt.asUintN(8, -1n)), String(BigInt.asIntN(64, 2n ** 63n))]',
    ['-1', '255', '-9223372036854775808'],
  ],
  'division of big integers by zero':
    'return throws(() => 1n / 0n) === "RangeError" && throws(() => 1n % 0n) === "RangeError" && throws(() => 2n ** -1n) === "RangeError"',
  'big integers in other bases': [
    'return [(255n).toString(16), (-8n).toString(2), BigInt("0b101") === 5n]',
    ['ff', '-1000', true],
  ],
  'mixed sorting': [
    'return [3n, 1, 2n].sort((a, b) => (a < b ? -1 : 1)).map(String)',
    ['1', '2', '3'],
  ],
  'no unsigned shift of big integers': 'return throws(() => 1n >>> 0n) === "TypeError"',
  'toLocaleString of numbers': [
    'return [(1234567.891).toLocaleString(), (0).toLocaleString(), (-1e21).toLocaleString(), (NaN).toLocaleString(), (Infinity).toLocaleString(), (1234.5).toLocaleString("de-DE")]',
    ['1,234,567.891', '0', '-1,000,000,000,000,000,000,000', 'NaN', '∞', '1.234,5'],
  ],
  'toLocaleString of numbers with options': [
    'return [(0.256).toLocaleString("en", { style: "percent" }), (5).toLocaleString("en", { minimumIntegerDigits: 2 }), (1e6).toLocaleString("en", { notation: "compact" }), (3).toLocaleString("en", { style: "unit", unit: "liter" })]',
    ['26%', '05', '1M', '3 L'],
  ],
  'toLocaleString of other receivers': [
    'return [throws(() => Number.prototype.toLocaleString.call("1")), throws(() => Number.prototype.toLocaleString.call({})), throws(() => BigInt.prototype.toLocaleString.call(1)), Number.prototype.toLocaleString.call(new Number(1000))]',
    ['TypeError', 'TypeError', 'TypeError', '1,000'],
  ],
  'toLocaleString of big integers': [
    'return [(12345678901234567890n).toLocaleString(), (10n).toLocaleString("en", { minimumFractionDigits: 1 })]',
    ['12,345,678,901,234,567,890', '10.0'],
  ],
  'number methods are methods':
    'return all(method(Number.prototype, "toLocaleString", 0), method(BigInt.prototype, "toLocaleString", 0), method(Number.prototype, "toFixed", 1), method(Number.prototype, "toString", 1), method(BigInt, "asIntN", 2))',
  'parseInt and parseFloat are the same everywhere':
    'return Number.parseInt === parseInt && Number.parseFloat === parseFloat',
}
