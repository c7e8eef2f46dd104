import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  type EngineUnderTest,
  engines,
  type Outcome,
  type ProgramOptions,
  runBody,
  runScript,
} from './conformance/run-in-engine.ts'

let both: readonly EngineUnderTest[] = []
beforeAll(async () => {
  both = await engines()
})
const engine = (name: string): EngineUnderTest =>
  both.find((candidate) => candidate.name === name) as EngineUnderTest
const resultOf = (name: string, body: string, options?: ProgramOptions): Promise<unknown> =>
  runBody(engine(name), body, options)
const outcomeOf = (name: string, body: string, options?: ProgramOptions): Promise<Outcome> =>
  runScript(engine(name), `(async function () { ${body}\n})`, options)

const SEED = 20_260_101
const sample = <T>(values: fc.Arbitrary<T>, count: number): T[] =>
  fc.sample(values, { numRuns: count, seed: SEED })

/** One thing a program does with timers: sets one, clears one, or lets time pass. */
const timerStep = fc.oneof(
  fc.record({ set: fc.integer({ min: 0, max: 40 }) }),
  fc.record({ repeat: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ clear: fc.nat(30) }),
  fc.record({ wait: fc.integer({ min: 1, max: 15 }) }),
)
type TimerStep = Partial<Record<'set' | 'repeat' | 'clear' | 'wait', number>>

/** What the timers of the standard do: a list, and a clock that jumps to the next one. */
class TimerModel {
  readonly fired: number[] = []
  #timers: { id: number; dueAt: number; order: number; every: number | null }[] = []
  #now = 0
  #lastId = 0
  #lastOrder = 0

  set(delay: number, repeats: boolean): void {
    const every = Math.max(1, delay)
    const order = ++this.#lastOrder
    const timer = { id: ++this.#lastId, dueAt: this.#now + every, order }
    this.#timers.push({ ...timer, every: repeats ? every : null })
  }
  clear(id: number): void {
    this.#timers = this.#timers.filter((timer) => timer.id !== id)
  }
  wait(ms: number): void {
    // The waiting itself is a timer of the program.
    this.set(ms, false)
    const own = this.#lastId
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.dueAt - b.dueAt || a.order - b.order)[0]
      if (next === undefined) return
      this.#now = next.dueAt
      if (next.every === null) this.clear(next.id)
      else {
        next.dueAt += next.every
        next.order = ++this.#lastOrder
      }
      if (next.id === own) return
      this.fired.push(next.id)
    }
  }
}

const TIMER_PROGRAM = `const fired = []; const wait = (ms) => new Promise((done) => setTimeout(done, ms))
for (const step of data) {
  if ('set' in step) { const id = setTimeout(() => fired.push(id), step.set) }
  else if ('repeat' in step) { const id = setInterval(() => fired.push(id), step.repeat) }
  else if ('clear' in step) (step.clear % 2 ? clearTimeout : clearInterval)(step.clear)
  else await wait(step.wait)
}
return fired`

describe.each(['quickjs', 'v8'])('the realm in %s', (name) => {
  it('fires timers as a plain list of them would', async () => {
    for (const steps of sample(fc.array(timerStep, { minLength: 5, maxLength: 40 }), 60)) {
      const model = new TimerModel()
      for (const step of steps as TimerStep[]) {
        if (step.set !== undefined) model.set(step.set, false)
        else if (step.repeat !== undefined) model.set(step.repeat, true)
        else if (step.clear !== undefined) model.clear(step.clear)
        else model.wait(step.wait ?? 0)
      }
      expect(await resultOf(name, TIMER_PROGRAM, { data: steps })).toEqual(model.fired)
    }
  })

  it('fires as many timers as there may be, in order', async () => {
    const body = `const fired = []; let last = 0, sorted = true
      for (let i = 0; i < 9_999; i++) { const ms = 1 + ((i * 7919) % 5000); setTimeout(() => { sorted &&= last <= ms; last = ms; fired.push(i) }, ms) }
      await new Promise((done) => setTimeout(done, 6000)); return [fired.length, sorted]`
    expect(await resultOf(name, body)).toEqual([9_999, true])
  })

  it('tells progress, bounded in length and number', async () => {
    const body = `progress(0, 10); progress(-0); progress(1e21, 2.5, 'ab'.repeat(500)); progress(3, null, '\\ud83d')
      progress(4, undefined, 'x'.repeat(199) + '😀'); for (let i = 0; i < 5_000; i++) progress(i, 5_000); return 1`
    const { ending, progress } = await outcomeOf(name, body)
    expect(ending).toEqual({ kind: 'returned', value: 1 })
    expect(progress.slice(0, 6)).toEqual([
      { done: 0, total: 10, label: '' },
      { done: 0, total: null, label: '' },
      { done: 1e21, total: 2.5, label: 'ab'.repeat(100) },
      { done: 3, total: null, label: '\ufffd' },
      { done: 4, total: null, label: `${'x'.repeat(199)}\ufffd` },
      { done: 0, total: 5_000, label: '' },
    ])
    expect(progress.length).toBe(2_000)
  })

  it('repeats a run exactly with the same clock and seed, and differs with another seed', async () => {
    const body =
      'return [Date.now(), new Date().getFullYear(), performance.timeOrigin, Math.random(), Math.random(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint8Array(8))]]'
    const first = (await resultOf(name, body)) as unknown[]
    expect(await resultOf(name, body)).toEqual(first)
    expect(first.slice(0, 3)).toEqual([1_700_000_000_000, 2023, 1_700_000_000_000])
    const other = (await resultOf(name, body, { seed: 'cd'.repeat(32) })) as unknown[]
    for (const index of [3, 4, 5, 6]) expect(other[index]).not.toEqual(first[index])
  })

  it('draws the same random numbers on both engines', async () => {
    const body = 'return Array.from({ length: 20 }, Math.random)'
    expect(await resultOf(name, body)).toEqual(await resultOf('quickjs', body))
  })

  it('compares plain text exactly as full ICU does', async () => {
    const characters = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
    const words = [
      ...characters,
      ...['_', '-', '!', '9', 'Z', '~'].flatMap((c) => [`a${c}B`, `A${c}b`, `${c}a`]),
      ...['é', 'Éa', 'ab', 'aB', 'AB', 'Ab', ''],
    ]
    const body = 'return data.map((a) => data.map((b) => Math.sign(a.localeCompare(b))).join())'
    const expected = words.map((a) =>
      words.map((b) => Math.sign(a.localeCompare(b, 'en-US'))).join(),
    )
    expect(await resultOf(name, body, { data: words })).toEqual(expected)
  })
})

/** Values that are no JSON, with the words for it. */
const refused: Readonly<Record<string, string>> = {
  'new Map()': 'result: a Map is not a JSON value; convert it with Object.fromEntries() first',
  '{ a: [new Set()] }': 'result.a[0]: a Set is not a JSON value; convert it with [...set] first',
  '[{ "b c": new Date(0) }]':
    'result[0]["b c"]: a Date is not a JSON value; convert it first, for example with toISOString()',
  NaN: 'result: NaN is not a JSON value; check the calculation, or use null',
  '{ n: -Infinity }': 'result.n: -Infinity is not a JSON value; check the calculation, or use null',
  '{ n: 1n }': 'result.n: a BigInt is not a JSON value; convert it with Number() or String() first',
  '{ f() {} }': 'result.f: a function is not a JSON value; call it and return what it gives',
  'Symbol()': 'result: a symbol is not a JSON value',
  undefined:
    'result: undefined is not a JSON value; did the program forget to return a value, or to await one?',
  '{ p: Promise.resolve(1) }':
    'result.p: a Promise is not a JSON value; did the program forget to await it?',
  '{ p: { then() {} } }':
    'result.p: a Promise is not a JSON value; did the program forget to await it?',
  '[new Error("x")]': 'result[0]: an Error is not a JSON value; return its message',
  'new Uint8Array(1)':
    'result: a Uint8Array is not a JSON value; convert it with Array.from() first',
  '[].values()': 'result: a Array Iterator is not a JSON value; convert it with Array.from() first',
  '/x/': 'result: a RegExp is not a JSON value; convert it with String() first',
  'new WeakMap()': 'result: a WeakMap is not a JSON value; convert it first',
  '(() => { const o = { a: [] }; o.a.push(o); return o })()':
    'result.a[0]: a cyclic reference is not a JSON value',
  '{ toJSON: () => ({ inner: NaN }) }':
    'result.inner: NaN is not a JSON value; check the calculation, or use null',
  '{ toJSON: () => undefined }': 'result: undefined is not a JSON value',
  '[..."x".repeat(300)].reduce((a) => [a], 1)': `${`result${'[0]'.repeat(100)}`.slice(0, 300)}…: nesting deeper than 256 levels is not a JSON value`,
}
const returned: Readonly<Record<string, unknown>> = {
  '{ a: undefined, b: [undefined, , 1], c: -0 }': { b: [null, null, 1], c: 0 },
  'new (class A { x = 1; #y = 2; get z() { return 3 } })()': { x: 1 },
  'Object.groupBy([1, 2], (x) => x > 1 ? "big" : "small")': { small: [1], big: [2] },
  '{ toJSON: () => "own", x: 1 }': 'own',
  '{ k: { toJSON: (key) => key } }': { k: 'k' },
  '[new String("s"), new Number(1), new Boolean(true)]': ['s', 1, true],
  '{ url: new URL("https://a.test/x") }': { url: 'https://a.test/x' },
  'new Proxy({ a: [1] }, {})': { a: [1] },
  '"\\u2028\\ud800😀\\n"': '\u2028\ud800😀\n',
  '{ ["__proto__"]: 1 }': JSON.parse('{"__proto__":1}') as unknown,
  '(() => { const shared = { a: 1 }; return [shared, shared] })()': [{ a: 1 }, { a: 1 }],
}

describe.each(['quickjs', 'v8'])('the value of a program in %s', (name) => {
  it('is refused with its place when it cannot leave whole', async () => {
    for (const [expression, detail] of Object.entries(refused)) {
      const { ending } = await outcomeOf(name, `return (${expression})`)
      expect([expression, ending]).toEqual([expression, { kind: 'bad', detail }])
    }
  })

  it('leaves as JSON', async () => {
    for (const [expression, value] of Object.entries(returned)) {
      const { ending } = await outcomeOf(name, `return (${expression})`)
      expect([expression, ending]).toEqual([expression, { kind: 'returned', value }])
    }
    const data = sample(fc.jsonValue(), 100)
    expect(await resultOf(name, 'return data', { data })).toEqual(JSON.parse(JSON.stringify(data)))
  })

  it('is measured before it leaves', async () => {
    const { ending } = await outcomeOf(name, "return 'x'.repeat(2_000)", { maxOutputBytes: 1_000 })
    expect(ending).toEqual({ kind: 'large' })
  })
})

// In V8 the engine prints what it meets there, and the test of that engine looks at the same.
describe('a program in QuickJS that has used up its stack', () => {
  it('gets each answer to the call it belongs to, and its timers in order', async () => {
    const body = `const calls = [], fired = []; let n = 0
      const attempt = (left) => {
        if (left === 0) return
        try { const mine = ++n; calls.push(tools.echo(mine).then((answer) => answer === mine, () => true)) } catch {}
        try { const ms = 1 + ((n * 7) % 13); setTimeout(() => fired.push(ms), ms) } catch {}
        try { console.log(n); new URL('http://h/?' + n).searchParams.append('a', n); structuredClone([n]) } catch {}
      }
      const down = (left) => { try { down(left) } catch {} if (left.n-- > 0) attempt(left.n) }
      for (let i = 0; i < 3; i++) down({ n: 60 })
      const answers = await Promise.all(calls)
      await new Promise((done) => setTimeout(done, 100))
      const after = await tools.echo('after')
      return [answers.every(Boolean), fired.join() === fired.toSorted((a, b) => a - b).join(), fired.length > 10, after]`
    const options = { tools: ['echo'] }
    expect(await resultOf('quickjs', body, options)).toEqual([true, true, true, 'after'])
  })
})
