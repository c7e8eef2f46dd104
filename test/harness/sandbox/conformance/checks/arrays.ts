import type { Checks } from '../check.ts'

/** Arrays. */
export const arrays: Checks = {
  'holes are kept and skipped': [
    'const a = [1, , 3]; let n = 0; a.forEach(() => n++); return [a.length, 1 in a, n, a.map((x) => x * 2).length, Object.keys(a)]',
    [3, false, 2, 3, ['0', '2']],
  ],
  'length cuts and grows': [
    'const a = [1, 2, 3]; a.length = 1; a[3] = 4; return [a.length, a[1] === undefined, throws(() => { a.length = -1 })]',
    [4, true, 'RangeError'],
  ],
  'push, pop, shift, unshift': [
    'const a = [1]; return [a.push(2, 3), a.pop(), a.shift(), a.unshift(8, 9), a]',
    [3, 3, 1, 3, [8, 9, 2]],
  ],
  splice: [
    'const a = [1, 2, 3, 4]; const r = a.splice(1, 2, "x", "y", "z"); return [r, a, a.splice(-1), [1, 2].splice()]',
    [[2, 3], [1, 'x', 'y', 'z'], [4], []],
  ],
  'slice, concat, join': [
    'return [[1, 2, 3].slice(-2, -1), [1].concat(2, [3, [4]]), [1, null, undefined, [2, 3]].join("-")]',
    [[2], [1, 2, 3, [4]], '1---2,3'],
  ],
  'Symbol.isConcatSpreadable': [
    'return [].concat({ length: 1, 0: "x", [Symbol.isConcatSpreadable]: true })',
    ['x'],
  ],
  'indexOf, lastIndexOf, includes': [
    'return [[1, NaN, 1].indexOf(1, 1), [1, 2, 1].lastIndexOf(1), [NaN].indexOf(NaN), [NaN].includes(NaN)]',
    [2, 2, -1, true],
  ],
  'find, findIndex, findLast, findLastIndex': [
    'const a = [1, 2, 3, 4]; const p = (x) => x % 2 === 0; return [a.find(p), a.findIndex(p), a.findLast(p), a.findLastIndex(p), a.findIndex((x) => x > 9)]',
    [2, 1, 4, 3, -1],
  ],
  'at counts from the end': [
    'return [[1, 2, 3].at(-1), [1].at(5) === undefined, "abc".at(-2)]',
    [3, true, 'b'],
  ],
  'sort is stable': [
    'return [[1, "b"], [0, "b"], [1, "a"], [0, "a"]].sort((x, y) => x[0] - y[0]).map((x) => x.join("")).join()',
    '0b,0a,1b,1a',
  ],
  'sort compares text by default and puts undefined last': [
    'return [10, 9, undefined, 1].sort().map(String)',
    ['1', '10', '9', 'undefined'],
  ],
  'sort refuses what is no function': 'return throws(() => [].sort(null)) === "TypeError"',
  'sort of many':
    'const a = Array.from({ length: 5000 }, (_, i) => (i * 7919) % 5003); a.sort((x, y) => x - y); return a.every((x, i) => i === 0 || a[i - 1] <= x)',
  'reverse, fill, copyWithin': [
    'return [[1, 2, 3].reverse(), [1, 2, 3].fill(0, 1), [1, 2, 3, 4].copyWithin(0, 2)]',
    [
      [3, 2, 1],
      [1, 0, 0],
      [3, 4, 3, 4],
    ],
  ],
  'flat and flatMap': [
    'return [[1, [2, [3, [4]]]].flat(), [1, [2, [3]]].flat(Infinity), [1, 2].flatMap((x) => [x, [x]])]',
    [
      [1, 2, [3, [4]]],
      [1, 2, 3],
      [1, [1], 2, [2]],
    ],
  ],
  'reduce and reduceRight': [
    'return [[1, 2, 3].reduce((a, x) => a - x), [1, 2, 3].reduceRight((a, x) => a - x), throws(() => [].reduce((a) => a)), [].reduce((a) => a, 5)]',
    [-4, 0, 'TypeError', 5],
  ],
  'some, every, filter, map with this': [
    'return [1, 2].filter(function (x) { return x > this.t }, { t: 1 })',
    [2],
  ],
  'keys, values, entries': [
    'return [[...["a"].keys()], [...["a"].values()], [...["a"].entries()]]',
    [[0], ['a'], [[0, 'a']]],
  ],
  'Array.from': [
    'return [Array.from("ab"), Array.from({ length: 2 }, (_, i) => i), Array.from(new Set([1])), Array.from({ length: 2, 0: "x" }).length]',
    [['a', 'b'], [0, 1], [1], 2],
  ],
  'Array.of and Array': [
    'return [Array.of(3), Array(3).length, Array(1, 2), throws(() => Array(-1))]',
    [[3], 3, [1, 2], 'RangeError'],
  ],
  'Array.isArray': [
    'return [Array.isArray([]), Array.isArray(new Proxy([], {})), Array.isArray({ length: 0 }), Array.isArray(Array.prototype)]',
    [true, true, false, true],
  ],
  'toSorted, toReversed, toSpliced, with': [
    'const a = [3, 1, 2]; return [a.toSorted(), a.toReversed(), a.toSpliced(0, 1, 9), a.with(-1, 0), a, throws(() => a.with(5, 1))]',
    [[1, 2, 3], [2, 1, 3], [9, 1, 2], [3, 1, 0], [3, 1, 2], 'RangeError'],
  ],
  'methods work on what is like an array': [
    'return [Array.prototype.map.call("ab", (x) => x + x), Array.prototype.slice.call({ length: 1, 0: 1 })]',
    [['aa', 'bb'], [1]],
  ],
  'an index beyond the end is undefined':
    'const a = [1]; return a[5] === undefined && a[-1] === undefined',
  'copying methods fill holes':
    'return 1 in [1, , 3].toReversed() && Object.hasOwn([, 1].with(1, 2), 0)',
  'Symbol.unscopables of arrays':
    'return Array.prototype[Symbol.unscopables].flat === true && Object.getPrototypeOf(Array.prototype[Symbol.unscopables]) === null',
  'large sparse arrays':
    'const a = []; a[4294967294] = 1; return a.length === 4294967295 && throws(() => a.push(1)) === "RangeError"',
  'array methods are methods':
    'return all(method(Array.prototype, "concat", 1), method(Array.prototype, "copyWithin", 2), method(Array.prototype, "toSorted", 1), method(Array.prototype, "splice", 2), method(Array, "from", 1), method(Array, "fromAsync", 1), method(Array.prototype, "at", 1))',
  'reading while changing': [
    'const a = [1, 2, 3]; const o = []; a.forEach((x) => { o.push(x); if (x === 1) a.pop() }); return o',
    [1, 2],
  ],
}
