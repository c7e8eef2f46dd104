import type { Checks } from '../check.ts'

/** Regular expressions. */
export const regexp: Checks = {
  'named groups': [
    'const m = /(?<y>\\d{4})-(?<m>\\d\\d)/.exec("on 2024-05"); return [m.groups.y, m.groups.m, m.index, Object.getPrototypeOf(m.groups)]',
    ['2024', '05', 3, null],
  ],
  'named groups twice in alternatives': [
    'const r = /(?<y>\\d{4})-|-(?<y>\\d\\d)/; return ["2024-".match(r).groups.y, "-24".match(r).groups.y]',
    ['2024', '24'],
  ],
  'back references':
    'return /(a)\\1/.test("aa") && /(?<x>a)\\k<x>/.test("aa") && !/^(a)\\1$/.test("a")',
  'lookahead and lookbehind': [
    'return ["a1b2".match(/[a-z](?=2)/)[0], "$5 €6".match(/(?<=€)\\d/)[0], "ab".replace(/(?<!a)b/, "x"), "ab".replace(/a(?!b)/, "x")]',
    ['b', '6', 'ab', 'ab'],
  ],
  'lookbehind goes backwards': [
    'return "abcdef".match(/(?<=([ab]+)([bc]+))$|(?<=(\\w)(\\w))f/).slice(3)',
    ['d', 'e'],
  ],
  'lazy and greedy': [
    'return ["<a><b>".match(/<.+?>/)[0], "<a><b>".match(/<.+>/)[0], "aaa".match(/a{2,}?/)[0]]',
    ['<a>', '<a><b>', 'aa'],
  ],
  'flag d gives the places': [
    'const m = /b(?<c>c)/d.exec("abc"); return [m.indices[0], m.indices.groups.c]',
    [
      [1, 3],
      [2, 3],
    ],
  ],
  'flag s, m, i':
    'return /a.b/s.test("a\\nb") && /^b$/m.test("a\\nb\\n") && /É/i.test("é") && !/a.b/.test("a\\nb")',
  'flag u':
    'return /^.$/u.test("😀") && !/^.$/.test("😀") && /\\u{1f600}/u.test("😀") && throws(() => new RegExp("\\\\-", "u")) === "SyntaxError"',
  'unicode properties':
    'return /\\p{L}/u.test("ß") && /\\p{Script=Greek}/u.test("α") && /\\P{Lu}/u.test("a") && /^\\p{Emoji_Presentation}$/u.test("😀")',
  'flag v':
    'return /^[\\p{L}--[a-z]]$/v.test("A") && !/^[\\p{L}--[a-z]]$/v.test("a") && /^[[a-z]&&[aeiou]]$/v.test("e") && /^\\p{RGI_Emoji}$/v.test("👨‍👩‍👧") && /^[\\q{abc|d}]$/v.test("abc")',
  'flag y sticks': [
    'const r = /a/y; r.lastIndex = 1; return [r.test("ba"), r.lastIndex, r.test("ba")]',
    [true, 2, false],
  ],
  'flag g and lastIndex': [
    'const r = /a/g; return [r.test("aa"), r.lastIndex, r.test("aa"), r.test("aa"), r.lastIndex]',
    [true, 1, true, false, 0],
  ],
  modifiers: 'return /(?i:a)b/.test("Ab") && !/(?i:a)b/.test("AB") && /(?-i:a)b/i.test("aB")',
  'flags and source': [
    'return [/x/dgimsuy.flags, /a\\/b/.source, new RegExp("/").source, String(new RegExp("")), new RegExp(/a/g, "i").flags]',
    ['dgimsuy', 'a\\/b', '\\/', '/(?:)/', 'i'],
  ],
  'bad expressions are SyntaxErrors':
    'return ["(", "[", "a**", "(?<n>a)(?<n>b)", "\\\\k<x>(?<y>a)", "a{2,1}"].every((s) => throws(() => new RegExp(s)) === "SyntaxError")',
  'replacement functions': [
    'return "a1b2".replace(/([a-z])(\\d)/g, (m, l, d, at) => `${d}${l}${at}`)',
    '1a02b2',
  ],
  'replacement functions get the groups':
    'return "x".replace(/(?<n>x)/, (...a) => a.at(-1).n + "!") === "x!"',
  'split with captures and limits': [
    'return ["a1b2c".split(/(\\d)/, 4), "abc".split(/(?:)/), "".split(/x/)]',
    [['a', '1', 'b', '2'], ['a', 'b', 'c'], ['']],
  ],
  'Symbol.replace, match, split, search can be own': [
    'const o = { [Symbol.replace]: (s, r) => s + r, [Symbol.match]: () => "m", [Symbol.split]: () => ["s"], [Symbol.search]: () => 7 }; return ["a".replace(o, "b"), "a".match(o), "a".split(o), "a".search(o)]',
    ['ab', 'm', ['s'], 7],
  ],
  'empty matches move on': [
    'return ["abc".replace(/x*/g, "-"), "😀".replace(/(?:)/gu, "-"), [..."ab".matchAll(/(?:)/g)].length]',
    ['-a-b-c-', '-😀-', 3],
  ],
  'groups that took no part': [
    'return "b".match(/(a)?b/).map((x) => x === undefined)',
    [false, true],
  ],
  'case folding': 'return /\\u212a/iu.test("k") && /ſ/iu.test("s") && !/\\u212a/i.test("k")',
  'classes and boundaries': [
    'return ["a_1 é".match(/\\w+/)[0], /\\bfoo\\b/.test("a foo b"), /\\Bo/.test("foo"), /^\\s+$/.test(" \\t\\n\\u00a0\\ufeff"), /[^]/.test("\\n")]',
    ['a_1', true, true, true, true],
  ],
  'RegExp.escape':
    'return new RegExp(RegExp.escape("a.b*c")).test("a.b*c") && !new RegExp("^" + RegExp.escape("a.b") + "$").test("axb")',
  'RegExp.prototype': [
    'return [String(RegExp.prototype), RegExp.prototype.flags, RegExp.prototype.source, flags(RegExp.prototype, "global"), throws(() => RegExp.prototype.exec.call({})), RegExp.length]',
    ['/(?:)/', '', '(?:)', 'g-c', 'TypeError', 2],
  ],
  'subclasses of RegExp':
    'class R extends RegExp { exec(s) { return super.exec(s.toLowerCase()) } } return new R("a").test("A") && "XAX".replace(new R("a"), "-") === "X-X"',
  'many alternatives':
    'return new RegExp(Array.from({ length: 500 }, (_, i) => "w" + i).join("|") + "$").test("w499")',
  'old static properties or none':
    'return typeof RegExp.$1 === "string" || RegExp.$1 === undefined',
}
