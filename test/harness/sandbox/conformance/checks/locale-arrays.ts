import type { Checks } from '../check.ts'

/** `Array.prototype.toLocaleString`, along the lines of what the suites of the standards assert. */
export const localeArrays: Checks = {
  'joins what the items give': [
    'return [[1, 2].toLocaleString(), [].toLocaleString(), [null, undefined, 1].toLocaleString(), [[1, [2, 3]], 4].toLocaleString(), [1234.5].toLocaleString(), ["a", true, {}].toLocaleString()]',
    ['1,2', '', ',,1', '1,2,3,4', '1,234.5', 'a,true,[object Object]'],
  ],
  'asks each item but null and undefined':
    'let n = 0; const o = { toLocaleString() { n++; return "" } }; [undefined, o, null, o, o].toLocaleString(); return n === 3',
  'hands locales and options on': [
    'const seen = []; const o = { toLocaleString(...a) { seen.push(a); return "" } }; [o].toLocaleString("de", { a: 1 }); [o].toLocaleString(); return seen',
    [
      ['de', { a: 1 }],
      [null, null],
    ],
  ],
  'formats numbers and dates by locale': [
    'return [1234.5, new Date(0)].toLocaleString("de-DE", { timeZone: "UTC" })',
    '1.234,5,1.1.1970, 00:00:00',
  ],
  'turns what it gets into text': [
    'return [{ toLocaleString: () => 5 }, { toLocaleString: () => ({ toString: () => "s" }) }].toLocaleString()',
    '5,s',
  ],
  'fails when an item cannot':
    'return throws(() => [{ toLocaleString: null }].toLocaleString()) === "TypeError" && throws(() => [{ toLocaleString() { throw new RangeError() } }].toLocaleString()) === "RangeError" && throws(() => [{ toLocaleString: () => Symbol() }].toLocaleString()) === "TypeError"',
  'asks primitives by their prototype': [
    'const seen = []; Boolean.prototype.toLocaleString = function () { "use strict"; seen.push(typeof this); return "b" }; const r = [true, false].toLocaleString(); delete Boolean.prototype.toLocaleString; return [r, seen]',
    ['b,b', ['boolean', 'boolean']],
  ],
  'reads length and items of any object': [
    'const o = []; const p = new Proxy({ length: 2, 0: "a", 1: "b" }, { get: (t, k) => (o.push(String(k)), t[k]) }); return [Array.prototype.toLocaleString.call(p), o]',
    ['a,b', ['length', '0', '1']],
  ],
  'takes a length as the standard does': [
    'const f = (length) => Array.prototype.toLocaleString.call({ length, 0: "x", 1: "y" }); return [f("1"), f(-1), f(1.9), f(NaN), f(undefined), f({ valueOf: () => 2 }), throws(() => f(Symbol()))]',
    ['x', '', 'x', '', '', 'x,y', 'TypeError'],
  ],
  'fails with what reading the length throws':
    'return throws(() => Array.prototype.toLocaleString.call({ get length() { throw new RangeError() } })) === "RangeError"',
  'receivers that are no objects': [
    'const f = Array.prototype.toLocaleString; return [throws(() => f.call(null)), throws(() => f.call(undefined)), f.call("ab"), f.call(5), f.call(true)]',
    ['TypeError', 'TypeError', 'a,b', '', ''],
  ],
  'is a method':
    'return method(Array.prototype, "toLocaleString", 0) === true && isNative(Array.prototype.toLocaleString)',
  'holes count as nothing': 'return [1, , 3].toLocaleString() === "1,,3"',
  'an array in itself is shown as nothing':
    'const a = [1]; a.push(a, [a]); return a.toLocaleString() === "1,,"',
  'items may shrink the array':
    'const a = [{ toLocaleString() { a.length = 1; return "x" } }, 1, 2]; return a.toLocaleString() === "x,,"',
  'Object.prototype.toLocaleString calls toString':
    'return ({ toString: () => "t" }).toLocaleString() === "t" && throws(() => Object.prototype.toLocaleString.call(null)) === "TypeError"',
}
