import type { Checks } from '../check.ts'

/** Strings. */
export const strings: Checks = {
  'padding, repeating, trimming': [
    'return ["a".padStart(3, "xy"), "a".padEnd(3), "ab".repeat(2), " a ".trim(), " a ".trimStart(), " a ".trimEnd(), throws(() => "a".repeat(-1))]',
    ['xya', 'a  ', 'abab', 'a', 'a ', ' a', 'RangeError'],
  ],
  'slice, substring, substr': [
    'return ["abcd".slice(-2), "abcd".substring(3, 1), "abcd".substr(-3, 2), "abc".slice(2, 1)]',
    ['cd', 'bc', 'bc', ''],
  ],
  'startsWith, endsWith, includes': [
    'return ["abc".startsWith("b", 1), "abc".endsWith("b", 2), "abc".includes("d"), throws(() => "a".startsWith(/a/))]',
    [true, true, false, 'TypeError'],
  ],
  split: [
    'return ["a,b,".split(","), "abc".split(""), "abc".split(), "a1b2".split(/\\d/), "a1b".split(/(\\d)/), "abc".split("", 2), "".split(""), "".split(",")]',
    [
      ['a', 'b', ''],
      ['a', 'b', 'c'],
      ['abc'],
      ['a', 'b', ''],
      ['a', '1', 'b'],
      ['a', 'b'],
      [],
      [''],
    ],
  ],
  'replace and replaceAll': [
    'return ["aa".replace("a", "b"), "aa".replaceAll("a", "b"), "abc".replace("b", "[$&$`$\']"), "a".replace("a", "$$"), "aa".replaceAll("a", (m, i) => i), "a-b".replace(/(\\w)-(\\w)/, "$2-$1"), "x".replace(/(?<n>x)/, "<$<n>>")]',
    ['ba', 'bb', 'a[bac]c', '$', '01', 'b-a', '<x>'],
  ],
  'replaceAll needs a global expression':
    'return throws(() => "a".replaceAll(/a/, "")) === "TypeError"',
  'code points': [
    'return ["😀".length, "😀".codePointAt(0), "😀".codePointAt(1), String.fromCodePoint(128512), "😀".charCodeAt(0), [..."😀a"].length, throws(() => String.fromCodePoint(-1))]',
    [2, 128512, 56832, '😀', 55357, 2, 'RangeError'],
  ],
  'isWellFormed and toWellFormed': [
    'return ["a\\ud800".isWellFormed(), "a".isWellFormed(), "\\ud800a".toWellFormed()]',
    [false, true, '\ufffda'],
  ],
  normalize: [
    'return ["e\\u0301".normalize() === "é", "é".normalize("NFD").length, "ﬁ".normalize("NFKC"), throws(() => "".normalize("X"))]',
    [true, 2, 'fi', 'RangeError'],
  ],
  'upper and lower case': [
    'return ["ß".toUpperCase(), "ΑΣ".toLowerCase(), "İ".toLowerCase().length, "ǆ".toUpperCase()]',
    ['SS', 'ας', 2, 'Ǆ'],
  ],
  'String.raw': [
    'return [String.raw`a\\n${1}`, String.raw({ raw: "abc" }, 1, 2)]',
    ['a\\n1', 'a1b2c'],
  ],
  indexing: [
    'return ["abc"[1], "abc"[5] === undefined, "abc".charAt(5), "abc".at(-1)]',
    ['b', true, '', 'c'],
  ],
  'indexOf and lastIndexOf': [
    'return ["abab".indexOf("b", 2), "abab".lastIndexOf("a"), "a".indexOf(""), "abc".indexOf("", 9), "abc".lastIndexOf("c", -1)]',
    [3, 2, 0, 3, -1],
  ],
  'search and match': [
    'return ["abc".search(/c/), "abc".match(/b/).index, "aba".match(/a/g), "a".match(/b/)]',
    [2, 1, ['a', 'a'], null],
  ],
  matchAll: [
    'return [..."a1b2".matchAll(/([a-z])(\\d)/g)].map((m) => [m[1], m[2], m.index])',
    [
      ['a', '1', 0],
      ['b', '2', 2],
    ],
  ],
  'matchAll needs a global expression': 'return throws(() => "a".matchAll(/a/)) === "TypeError"',
  'comparison is by code units': 'return "a" < "b" && "Z" < "a" && "10" < "9" && "" < "a"',
  conversion: [
    'return [String(null), String(Symbol("x")), String([1, [2]]), String({}), "" + 1n, throws(() => "" + Symbol())]',
    ['null', 'Symbol(x)', '1,2', '[object Object]', '1', 'TypeError'],
  ],
  'boxed strings': [
    'const s = new String("ab"); return [typeof s, s.length, Object.keys(s), s[0], s == "ab", s === "ab"]',
    ['object', 2, ['0', '1'], 'a', true, false],
  ],
  'strings cannot be changed':
    'return throws(() => { "use strict"; "abc"[0] = "x" }) === "TypeError"',
  localeCompare: [
    'return ["a".localeCompare("b"), "b".localeCompare("a"), "a".localeCompare("a"), "a".localeCompare("A"), "a".localeCompare("B"), "é".localeCompare("f")]',
    [-1, 1, 0, -1, -1, -1],
  ],
  'localeCompare of canonical equivalents':
    'return "\\u006f\\u0308".localeCompare("\\u00f6") === 0 && "\\u1ea1\\u0301".localeCompare("a\\u0323\\u0301") === 0 && "\\u212b".localeCompare("A\\u030a") === 0',
  'localeCompare without an argument compares with undefined':
    'return "undefined".localeCompare() === 0 && "undefined".localeCompare(undefined) === 0',
  'localeCompare of null and undefined receivers':
    'return throws(() => String.prototype.localeCompare.call(null, "")) === "TypeError" && throws(() => String.prototype.localeCompare.call(undefined, "")) === "TypeError"',
  'localeCompare converts both in order': [
    'const o = []; String.prototype.localeCompare.call({ toString() { o.push(1); return "a" } }, { toString() { o.push(2); return "a" } }); return o',
    [1, 2],
  ],
  'localeCompare of a symbol':
    'return throws(() => "a".localeCompare(Symbol())) === "TypeError" && throws(() => String.prototype.localeCompare.call(Symbol(), "")) === "TypeError"',
  'toLocaleUpperCase and toLocaleLowerCase': [
    'return ["i".toLocaleUpperCase(), "I".toLocaleLowerCase(), "ΑΣ".toLocaleLowerCase(), "i".toLocaleUpperCase("tr"), "I".toLocaleLowerCase("tr")]',
    ['I', 'i', 'ας', 'İ', 'ı'],
  ],
  'toLocaleUpperCase of other receivers': [
    'return [String.prototype.toLocaleUpperCase.call(true), String.prototype.toLocaleLowerCase.call({ toString: () => "AB" }), throws(() => String.prototype.toLocaleUpperCase.call(null)), throws(() => String.prototype.toLocaleLowerCase.call(Symbol()))]',
    ['TRUE', 'ab', 'TypeError', 'TypeError'],
  ],
  'string methods are methods':
    'return all(method(String.prototype, "localeCompare", 1), method(String.prototype, "toLocaleUpperCase", 0), method(String.prototype, "toLocaleLowerCase", 0), method(String.prototype, "at", 1), method(String.prototype, "replaceAll", 2), method(String, "raw", 1))',
  'HTML methods of old':
    'return "a".anchor(\'"\') === \'<a name="&quot;">a</a>\' && "a".bold() === "<b>a</b>"',
}
