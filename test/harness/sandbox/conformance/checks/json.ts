import type { Checks } from '../check.ts'

/** JSON. */
export const json: Checks = {
  'parsing of JSON': [
    'return [JSON.parse(" [1, -0.5e2, \\"\\\\u0041\\\\n\\", null, true] "), throws(() => JSON.parse("")), throws(() => JSON.parse("{a:1}")), throws(() => JSON.parse("[1,]")), throws(() => JSON.parse("\'a\'")), throws(() => JSON.parse("01")), throws(() => JSON.parse("\\"\\n\\""))]',
    [
      [1, -50, 'A\n', null, true],
      'SyntaxError',
      'SyntaxError',
      'SyntaxError',
      'SyntaxError',
      'SyntaxError',
      'SyntaxError',
    ],
  ],
  '__proto__ is a property':
    'const o = JSON.parse(\'{"__proto__": 1}\'); return Object.hasOwn(o, "__proto__") && Object.getPrototypeOf(o) === Object.prototype',
  'the last of equal keys counts': ['return JSON.parse(\'{"a":1,"a":2}\')', { a: 2 }],
  'a reviver': [
    'return JSON.parse(\'{"a":[1,2],"b":3}\', (k, v) => (k === "b" ? undefined : typeof v === "number" ? v * 2 : v))',
    { a: [2, 4] },
  ],
  'a reviver sees the source': [
    'const o = []; JSON.parse("[1.0, 1e3]", function (k, v, c) { if (k) o.push(c.source) ; return v }); return o',
    ['1.0', '1e3'],
  ],
  'what has no place in JSON': [
    'return [JSON.stringify({ a: undefined, b: () => 1, c: Symbol(), d: NaN, e: [undefined, () => 1] }), JSON.stringify(undefined) === undefined, throws(() => JSON.stringify(1n))]',
    ['{"d":null,"e":[null,null]}', true, 'TypeError'],
  ],
  indentation: [
    'return [JSON.stringify({ a: [1] }, null, 2), JSON.stringify([1], null, "--"), JSON.stringify([], null, 2), JSON.stringify({ a: 1 }, null, 20).length]',
    ['{\n  "a": [\n    1\n  ]\n}', '[\n--1\n]', '[]', 20],
  ],
  'a replacer': [
    'return [JSON.stringify({ a: 1, b: 2 }, ["b"]), JSON.stringify({ a: 1 }, (k, v) => (k === "a" ? v + 1 : v)), JSON.stringify([1], (k, v) => (k === "" ? v : undefined))]',
    ['{"b":2}', '{"a":2}', '[null]'],
  ],
  toJSON: [
    'return [JSON.stringify({ toJSON: (k) => k + "!" }), JSON.stringify({ a: { toJSON: (k) => k + "!" } }), JSON.stringify(new Date(0))]',
    ['"!"', '{"a":"a!"}', '"1970-01-01T00:00:00.000Z"'],
  ],
  'boxed primitives': [
    'return JSON.stringify([new Number(1), new String("a"), new Boolean(false), Object(null)])',
    '[1,"a",false,{}]',
  ],
  escapes: [
    'return [JSON.stringify("\\u2028\\ud800\\n\\"\\\\/\\u0007"), JSON.stringify("😀")]',
    ['"\u2028\\ud800\\n\\"\\\\/\\u0007"', '"😀"'],
  ],
  'cycles are errors':
    'const o = {}; o.o = o; return throws(() => JSON.stringify(o)) === "TypeError"',
  'only own enumerable text keys': [
    'const o = Object.create({ p: 1 }, { hidden: { value: 1 } }); o.a = 1; o[Symbol()] = 2; return JSON.stringify(o)',
    '{"a":1}',
  ],
  'deep nesting':
    'const t = "[".repeat(400) + "]".repeat(400); return JSON.stringify(JSON.parse(t)) === t',
  'JSON itself':
    'return Object.prototype.toString.call(JSON) === "[object JSON]" && all(method(JSON, "parse", 2), method(JSON, "stringify", 3))',
  'JSON.rawJSON':
    'return JSON.stringify({ n: JSON.rawJSON("1.50") }) === \'{"n":1.50}\' && JSON.isRawJSON(JSON.rawJSON("1")) && throws(() => JSON.rawJSON("{}")) === "SyntaxError"',
  'minus zero in JSON': [
    'return [JSON.stringify(-0), Object.is(JSON.parse("-0"), -0)]',
    ['0', true],
  ],
}
