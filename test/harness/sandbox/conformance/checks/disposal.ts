import type { Checks } from '../check.ts'

/** Explicit resource management. */
export const disposal: Checks = {
  'using disposes at the end of the block': [
    'const o = []; { using a = { [Symbol.dispose]() { o.push("a") } }; using b = { [Symbol.dispose]() { o.push("b") } }; o.push("body") } return o',
    ['body', 'b', 'a'],
  ],
  'using takes null and undefined': '{ using a = null; using b = undefined } return true',
  'using refuses what cannot be disposed': 'return throws(() => { using a = {} }) === "TypeError"',
  'using disposes when the block throws':
    'let n = 0; throws(() => { using a = { [Symbol.dispose]() { n++ } }; throw new Error() }); return n === 1',
  'an error while disposing suppresses the first':
    'try { using a = { [Symbol.dispose]() { throw new RangeError() } }; throw new TypeError() } catch (e) { return e instanceof SuppressedError && e.error.name === "RangeError" && e.suppressed.name === "TypeError" }',
  'await using': [
    'const o = []; { await using a = { async [Symbol.asyncDispose]() { await 0; o.push("a") } }; o.push("body") } o.push("after"); return o',
    ['body', 'a', 'after'],
  ],
  'using in a for…of loop': [
    'const o = []; const r = (n) => ({ n, [Symbol.dispose]() { o.push("d" + n) } }); for (using x of [r(1), r(2)]) o.push("b" + x.n); return o',
    ['b1', 'd1', 'b2', 'd2'],
  ],
  DisposableStack: [
    'const o = []; const s = new DisposableStack(); s.defer(() => o.push("defer")); s.use({ [Symbol.dispose]() { o.push("use") } }); s.adopt(5, (x) => o.push(x)); s.dispose(); return [o, s.disposed]',
    [[5, 'use', 'defer'], true],
  ],
  'DisposableStack.move':
    'let n = 0; const s = new DisposableStack(); s.defer(() => n++); const t = s.move(); s.dispose(); const before = n; t.dispose(); return s.disposed && before === 0 && n === 1',
  'a disposed stack takes nothing more':
    'const s = new DisposableStack(); s.dispose(); return throws(() => s.defer(() => 1)) === "ReferenceError"',
  AsyncDisposableStack: [
    'const o = []; const s = new AsyncDisposableStack(); s.defer(async () => { await 0; o.push(1) }); s.defer(() => { o.push(2) }); await s.disposeAsync(); return o',
    [2, 1],
  ],
  'iterators can be disposed':
    'let closed = 0; const it = { __proto__: Iterator.prototype, next: () => ({ value: 1, done: false }), return() { closed++; return {} } }; { using x = it } return closed === 1',
  SuppressedError:
    'const e = new SuppressedError(1, 2, "m"); return e.error === 1 && e.suppressed === 2 && e.message === "m" && e instanceof Error',
}
