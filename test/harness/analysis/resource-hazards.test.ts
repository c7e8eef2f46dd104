import { describe, expect, it } from 'vitest'
import { readOk } from './read-for-test.ts'

function kinds(source: string): string[] {
  return readOk(source).facts.resourceHazards.map(({ kind }) => kind)
}

describe('unbounded loops', () => {
  it.each([
    ['while (true)', 'while (true) {}'],
    ['for (;;)', 'for (;;);'],
    ['do while (1)', 'do {} while (1)'],
    ['a growing array', 'const a = []\nfor (;;) a.push(1)'],
    ['a break of an inner loop', 'while (true) { for (const x of data) break }'],
    ['a break of an inner switch', 'while (true) { switch (data) { case 1: break } }'],
    ['a return of an inner function', 'while (true) { data.f(() => { return 1 }) }'],
    ['continue alone', 'a: while (true) { continue a }'],
    ['a loop in a getter', 'return { get x() { while (true) {} } }'],
    ['a constant condition behind a name', 'const yes = !0\nwhile (yes) {}'],
    ['a counter that nothing moves', 'let i = 0\nwhile (i < 10) { data.x = i }'],
    ['a flag that nothing lowers', 'let busy = true\nwhile (busy) {}'],
    ['a counter that goes the wrong way', 'for (let i = 0; i < 10; i--) {}'],
    [
      'a counter that goes away from a variable',
      'const n = data.n\nfor (let i = 9; i > n; i += 2) {}',
    ],
    ['a for without an update', 'let i = 0\nfor (; i < 3;) { data.x = i }'],
  ])('finds %s', (_name, source) => {
    expect(kinds(source)).toContain('unbounded-loop')
  })

  it.each([
    ['a break', 'while (true) { if (data.x()) break }'],
    ['a return', 'while (true) { if (data.x()) return 1 }'],
    ['a throw', 'for (;;) { throw new Error("x") }'],
    ['an await', 'while (true) { await tools.sql({}) }'],
    ['a generator', 'function* ids() { let i = 0; while (true) yield i++ }\nreturn ids().next()'],
    ['a break with a label', 'a: while (true) { for (const x of data) break a }'],
    ['a continue of an outer loop', 'a: for (const x of data) { while (true) continue a }'],
    ['a call that may throw into a catch', 'try { while (true) data.next() } catch {}'],
    ['a condition', 'let i = 0\nwhile (i < 3) i++'],
    [
      'a call that may move the counter',
      'let i = 0\nconst f = () => { i += 1 }\nwhile (i < 3) f()',
    ],
    [
      'a getter that may move it',
      'let i = 0\nconst o = { get x() { return (i += 1) } }\nwhile (i < 3) o.x',
    ],
    ['an object in its condition', 'const n = { valueOf: () => data.pop() }\nwhile (n < 3) {}'],
    ['a condition on data', 'while (data.length > 3) data.x = 1'],
    ['a counter that goes down to its end', 'for (let i = 9; i >= 0; i--) {}'],
    ['a counter that the body moves too', 'for (let i = 0; i < 9; i--) { i += 2 }'],
  ])('does not find a loop with %s', (_name, source) => {
    expect(kinds(source)).not.toContain('unbounded-loop')
  })
})

describe('sizes', () => {
  it.each([
    ['for (let i = 0; i < 1e9; i++) {}', 'large-range', 1e9],
    ['for (let i = 1e9; i > 0; i -= 2) {}', 'large-range', 5e8],
    ['const n = 2000 * 1000\nfor (let i = 0; i < n; ++i) {}', 'large-range', 2e6],
    ['return new Array(1e8)', 'large-allocation', 1e8],
    ['return Array.from({ length: 5000 })', 'large-allocation', 5000],
    [`return 'x'.repeat(30 * 1024 * 1024)`, 'large-allocation', 31_457_280],
    ['return new Uint8Array(64 << 20)', 'large-allocation', 67_108_864],
    ['let i = 0\nwhile (i < 1e9) { i++ }', 'large-range', 1e9],
    ['let i = 5e6\ndo { i -= 5 } while (i > 0)', 'large-range', 1e6],
    ['let i\nfor (i = 0; 2e6 > i; i += 2) {}', 'large-range', 1e6],
    ['return 2n ** 5_000_000n', 'large-allocation', 5e6],
    ['return 1n << BigInt(9) * 1n << 2_000_000n', 'large-allocation', 2e6],
  ])('reads the size off %s', (source, kind, size) => {
    expect(readOk(source).facts.resourceHazards).toMatchObject([{ kind, size }])
  })

  it.each([
    'for (let i = 0; i < data.length; i++) {}',
    'for (let i = 0; i < 10; i++) {}',
    'for (let j = data.n; j < 1e9; j += data.n) {}',
    'return Array.from({ length: 12 })',
    'for (let i = 0; i < 1e9; i++) { if (data[i]) break }',
    'for (let page = 1; page < 1e6; page++) { await tools.sql({ page }) }',
    'let i = 0\nwhile (i < 1e9) { i = data.next(i) }',
    'const repeat = (n) => n\nreturn repeat(1e9)',
    'class Array { constructor(n) { this.n = n } }\nreturn new Array(1e9)',
  ])('finds nothing in %s', (source) => {
    expect(kinds(source)).toEqual([])
  })
})

describe('loops in loops', () => {
  const nested = 'for (let i = 0; i < 1e5; i++) { for (let j = 0; j < 1e5; j++) { data.x = j } }'

  it('are counted together', () => {
    const hazards = readOk(nested).facts.resourceHazards
    expect(hazards).toContainEqual(expect.objectContaining({ kind: 'nested-range', size: 1e10 }))
  })

  it('are not, when a function lies between them', () => {
    const apart = nested.replace('{ for', '{ const f = () => { for').replace('} }', '} } }')
    expect(kinds(apart)).not.toContain('nested-range')
  })
})

describe('recursion', () => {
  it.each([
    ['a function that only calls itself', 'function f(n) { return f(n - 1) }\nreturn f(3)'],
    ['an arrow function', 'const f = (n) => f(n - 1)\nreturn f(3)'],
    ['an async function', 'const f = async (n) => { await f(n) }\nreturn f(1)'],
    ['a named function expression', 'return (function f(n) { return f(n - 1) })(3)'],
    [
      'two functions that call each other',
      'const f = (n) => g(n)\nconst g = (n) => f(n)\nreturn f(1)',
    ],
    ['both branches', 'function f(n) { if (n) return f(1); else return f(2) }\nreturn f(1)'],
    ['both sides of a choice', 'const f = (n) => (n ? f(1) : f(2))\nreturn f(1)'],
    [
      'a condition that is always true',
      'function f() { if (1 < 2) return f(); return 0 }\nreturn f()',
    ],
    ['a call in the condition', 'function f() { if (f()) return 1; return 0 }\nreturn f()'],
    ['a call in a loop that is entered', 'function f() { do { f() } while (data) }\nreturn f()'],
    ['a call before the end', 'function f(n) { const x = [f(n)]; return n ? x : 0 }\nreturn f(1)'],
    ['a call in finally', 'function f() { try { return 1 } finally { f() } }\nreturn f()'],
  ])('without an end is found in %s', (_name, source) => {
    expect(kinds(source)).toContain('recursion')
  })

  it.each([
    ['a base case', 'function f(n) { return n ? f(n - 1) : 0 }\nreturn f(3)'],
    ['an early return', 'function f(n) { if (n < 1) return 0; return f(n - 1) }\nreturn f(3)'],
    ['an early throw', 'function f(n) { if (!n) throw new Error(); return f(n) }\nreturn f(3)'],
    ['a short circuit', 'const f = (n) => n > 0 && f(n - 1)\nreturn f(3)'],
    ['an optional call', 'const f = (n) => data?.x(f(n))\nreturn f(3)'],
    ['a loop that may have no rounds', 'function f(n) { for (const x of n) f(x) }\nreturn f(data)'],
    [
      'a loop that is left first',
      'function f(n) { while (true) { if (n) break; f(n) } }\nreturn f(1)',
    ],
    ['a caught overflow', 'function f() { try { return f() } catch { return 0 } }\nreturn f()'],
    ['a switch', 'function f(n) { switch (n) { case 0: return 0 } return f(n - 1) }\nreturn f(3)'],
    ['a callback', 'const f = (n) => n.map((x) => f(x))\nreturn f(data)'],
    ['a default that may not be needed', 'const f = (n, x = f(n)) => x\nreturn f(1, 2)'],
    ['an assignment that may not happen', 'const f = (n) => (n.x ??= f(n))\nreturn f(data)'],
    ['a generator', 'function* f() { yield* f() }\nreturn f()'],
    [
      'two functions with a base case',
      'const f = (n) => (n ? g(n - 1) : 0)\nconst g = (n) => f(n)\nreturn f(1)',
    ],
    ['a function that another one calls', 'const g = () => 1\nconst f = () => g()\nreturn f()'],
    ['a name that is reassigned', 'let f = (n) => f(n)\nf = () => 1\nreturn f(1)'],
  ])('is not found in %s', (_name, source) => {
    expect(kinds(source)).not.toContain('recursion')
  })

  it('is found in time in many functions that call one another', () => {
    const many = Array.from(
      { length: 2_000 },
      (_, n) => `const f${n} = () => f${(n + 1) % 2_000}()`,
    )
    const started = performance.now()
    expect(kinds(many.join('\n'))).toHaveLength(200)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('regular expressions', () => {
  it.each([
    ['a literal', 'return /(a+)+$/.test(data)'],
    ['a text', `return new RegExp('(a+)+$').test(data)`],
    ['a text with flags', `return RegExp('(A|a)*b', 'i').test(data)`],
    ['a built text', `const part = '(a+)'\nreturn new RegExp(part + '+$')`],
  ])('that can take forever are found in %s', (_name, source) => {
    expect(kinds(source)).toEqual(['regex'])
  })

  it.each([
    ['a text that is not known', 'return new RegExp(data.pattern)'],
    ['a class called RegExp', `class RegExp {}\nreturn new RegExp('(a+)+$')`],
    ['a harmless literal', String.raw`return /^\d+$/.test(data)`],
  ])('are not found in %s', (_name, source) => {
    expect(kinds(source)).toEqual([])
  })
})

describe('loop depth', () => {
  it.each([
    ['return 1', 0],
    ['for (const a of data) {}', 1],
    ['for (const a of data) { while (a.x()) { data.forEach((b) => b) } }', 3],
    ['return data.map((a) => a.map((b) => b.filter((c) => c)))', 3],
    ['for (const a of data) {}\nfor (const b of data) {}', 1],
    ['const f = (x) => x\nreturn f(data)', 0],
  ])('of %s is %i', (source, depth) => {
    expect(readOk(source).facts.maxLoopDepth).toBe(depth)
  })
})
