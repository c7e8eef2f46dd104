import { describe, expect, it } from 'vitest'
import { canBacktrackWithoutBound } from '../../../harness/analysis/regex-hazard.ts'
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
  ])('reads the size off %s', (source, kind, size) => {
    expect(readOk(source).facts.resourceHazards).toMatchObject([{ kind, size }])
  })

  it.each([
    'for (let i = 0; i < data.length; i++) {}',
    'for (let i = 0; i < 10; i++) {}',
    'for (let j = data.n; j < 1e9; j += data.n) {}',
    'return Array.from({ length: 12 })',
    'class Array { constructor(n) { this.n = n } }\nreturn new Array(1e9)',
  ])('finds nothing in %s', (source) => {
    expect(kinds(source)).toEqual([])
  })
})

describe('recursion', () => {
  it.each([
    'function f(n) { return n ? f(n - 1) : 0 }\nreturn f(3)',
    'const f = (n) => (n ? f(n - 1) : 0)\nreturn f(3)',
    'return (function f(n) { return n ? f(n - 1) : 0 })(3)',
  ])('is found in %s', (source) => {
    expect(kinds(source)).toEqual(['recursion'])
  })

  it('is not found in a function that another one calls', () => {
    expect(kinds('const g = () => 1\nconst f = () => g()\nreturn f()')).toEqual([])
  })
})

describe('regular expressions', () => {
  it.each(['(a+)+', String.raw`^(\w+\s?)*$`, '((a*)b?)*', '(a|b+){2,}', '(?:x*)*'])(
    'finds %s expensive',
    (pattern) => {
      expect(canBacktrackWithoutBound(pattern)).toBe(true)
    },
  )

  it.each([
    String.raw`^\d+$`,
    '[(a+)+]',
    '(a+)?',
    String.raw`\(a+\)+`,
    '(ab)+',
    '(a{1,3})*',
    'a+b*',
  ])('does not find %s expensive', (pattern) => {
    expect(canBacktrackWithoutBound(pattern)).toBe(false)
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
