import type { Checks } from '../check.ts'

/** Maps, sets, weak collections and grouping. */
export const collections: Checks = {
  'Map keeps the order of insertion': [
    'const m = new Map([["b", 1], ["a", 2]]); m.set("b", 3); m.delete("a"); m.set("a", 4); return [...m]',
    [
      ['b', 3],
      ['a', 4],
    ],
  ],
  'Map takes NaN and treats both zeros alike':
    'const m = new Map([[NaN, 1], [-0, 2]]); return m.get(NaN) === 1 && m.get(0) === 2 && Object.is([...m.keys()][1], 0)',
  'Map sees what is added while it is walked': [
    'const m = new Map([[1, 1]]); const o = []; for (const [k] of m) { o.push(k); if (k < 3) m.set(k + 1, 1) } return o',
    [1, 2, 3],
  ],
  'Map forEach, size, clear, entries': [
    'const m = new Map([[1, "a"]]); const o = []; m.forEach(function (v, k, all) { o.push(v, k, all === m, this.t) }, { t: 1 }); const s = m.size; m.clear(); return [o, s, m.size, [...m.entries()]]',
    [['a', 1, true, 1], 1, 0, []],
  ],
  'Map needs new and pairs':
    'return throws(() => Map()) === "TypeError" && throws(() => new Map([1])) === "TypeError"',
  'Map.groupBy': [
    'const m = Map.groupBy([1, 2, 3], (x) => x % 2 ? "odd" : "even"); return [...m]',
    [
      ['odd', [1, 3]],
      ['even', [2]],
    ],
  ],
  'Map upsert': [
    'const m = new Map([["a", 1]]); return [m.getOrInsert("a", 9), m.getOrInsert("b", 2), m.getOrInsertComputed("c", (k) => k + k), m.size]',
    [1, 2, 'cc', 3],
  ],
  'Set keeps the first of equals': [
    'return [...new Set([3, 1, 3, NaN, NaN, "1"])].map(String)',
    ['3', '1', 'NaN', '1'],
  ],
  'Set add gives the set':
    'const s = new Set(); return s.add(1).add(2) === s && s.has(2) && s.delete(2) && !s.delete(2)',
  'Set union, intersection, difference': [
    'const a = new Set([1, 2, 3]), b = new Set([3, 4]); return [[...a.union(b)], [...a.intersection(b)], [...a.difference(b)], [...a.symmetricDifference(b)]]',
    [[1, 2, 3, 4], [3], [1, 2], [1, 2, 4]],
  ],
  'Set comparisons': [
    'const a = new Set([1]), b = new Set([1, 2]); return [a.isSubsetOf(b), b.isSupersetOf(a), a.isDisjointFrom(new Set([3])), a.isDisjointFrom(b)]',
    [true, true, true, false],
  ],
  'Set methods take anything like a set': [
    'return [...new Set([1, 2]).union(new Map([[3, 1]]))]',
    [1, 2, 3],
  ],
  'Set methods refuse arrays': 'return throws(() => new Set().union([1])) === "TypeError"',
  'Set methods are methods':
    'return all(...["union", "intersection", "difference", "symmetricDifference", "isSubsetOf", "isSupersetOf", "isDisjointFrom"].map((k) => method(Set.prototype, k, 1)))',
  'WeakMap takes objects and symbols':
    'const m = new WeakMap(); const o = {}, s = Symbol(); m.set(o, 1).set(s, 2); return m.get(o) === 1 && m.get(s) === 2 && throws(() => m.set(1, 1)) === "TypeError" && throws(() => m.set(Symbol.for("x"), 1)) === "TypeError"',
  WeakSet:
    'const s = new WeakSet(); const o = {}; s.add(o); return s.has(o) && s.delete(o) && !s.has(o) && !s.has(1)',
  WeakRef:
    'const o = {}; return new WeakRef(o).deref() === o && throws(() => new WeakRef(1)) === "TypeError" && Object.prototype.toString.call(new WeakRef(o)) === "[object WeakRef]"',
  'Object.groupBy has no prototype': [
    'const g = Object.groupBy([1, 2, 3], (x) => x > 1 ? "big" : "small"); return [Object.getPrototypeOf(g), g]',
    [null, { small: [1], big: [2, 3] }],
  ],
  'Symbol.iterator of collections':
    'return Map.prototype[Symbol.iterator] === Map.prototype.entries && Set.prototype[Symbol.iterator] === Set.prototype.values && Set.prototype.keys === Set.prototype.values',
  'a Map of objects by identity':
    'const k = {}; const m = new Map([[k, 1], [{}, 2]]); return m.get(k) === 1 && m.get({}) === undefined && m.size === 2',
}
