import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callDigest } from '../../../harness/journal/canonical-json.ts'
import { ReplayCursor } from '../../../harness/journal/replay.ts'
import type { JournalAnswer, JournalEntry } from '../../../harness/journal/run-journal.ts'
import type { JsonValue } from '../../../harness/json-value.ts'
import { type Attempt, type Chain, type Choice, runAttempt } from './replayed-program.ts'

function entry(
  seq: number,
  tool: string,
  argument: JsonValue,
  finishedOrder?: number,
): JournalEntry {
  const answer: JournalAnswer = { kind: 'value', value: `${tool}-${seq}` }
  return {
    runId: 'run-1',
    seq,
    tool,
    argument,
    digest: callDigest(tool, argument),
    readOnly: false,
    idempotencyKey: `run-1:${seq}`,
    startedAt: 0,
    ...(finishedOrder === undefined ? {} : { answer, finishedOrder }),
  }
}

const call = (tool: string, argument: JsonValue = {}) => ({ tool, argument })

describe('ReplayCursor.next', () => {
  it('finds calls again in start order and goes on with new ones', () => {
    const entries = [entry(0, 'a', {}, 0), entry(1, 'b', {})]
    const cursor = new ReplayCursor(entries)
    expect(cursor.next(call('a'))).toEqual({ kind: 'recorded', entry: entries[0] })
    expect(cursor.next(call('b'))).toEqual({ kind: 'unanswered', entry: entries[1] })
    expect(cursor.next(call('a'))).toEqual({ kind: 'new', seq: 2 })
    expect(cursor.next(call('a'))).toEqual({ kind: 'new', seq: 3 })
  })

  it('starts from nothing with an empty journal', () => {
    const cursor = new ReplayCursor([])
    expect(cursor.missing).toBeNull()
    expect(cursor.next(call('a'))).toEqual({ kind: 'new', seq: 0 })
  })

  it('lets concurrent chains swap places', () => {
    const entries = [entry(0, 'a', {}, 0), entry(1, 'b', {}, 1)]
    const cursor = new ReplayCursor(entries)
    expect(cursor.next(call('b'))).toMatchObject({ entry: { seq: 1 } })
    expect(cursor.missing).toEqual(entries[0])
    expect(cursor.next(call('a'))).toMatchObject({ entry: { seq: 0 } })
    expect(cursor.next(call('c'))).toEqual({ kind: 'new', seq: 2 })
  })

  it('takes equal calls one after the other, never one twice', () => {
    const cursor = new ReplayCursor([entry(0, 'a', {}, 0), entry(1, 'a', {}, 1)])
    expect(cursor.next(call('a'))).toMatchObject({ kind: 'recorded', entry: { seq: 0 } })
    expect(cursor.next(call('a'))).toMatchObject({ kind: 'recorded', entry: { seq: 1 } })
    expect(cursor.next(call('a'))).toEqual({ kind: 'new', seq: 2 })
  })

  it('gives the place of a call that was held to the call that is now at it', () => {
    const cursor = new ReplayCursor([entry(0, 'a', {}, 0), entry(2, 'c', {}, 1)])
    expect(cursor.next(call('a'))).toMatchObject({ kind: 'recorded' })
    expect(cursor.next(call('refund'))).toEqual({ kind: 'new', seq: 1 })
    expect(cursor.next(call('c'))).toMatchObject({ kind: 'recorded', entry: { seq: 2 } })
    expect(cursor.next(call('d'))).toEqual({ kind: 'new', seq: 3 })
  })

  it('keeps the place of a held call for it, also when an equal call left after it', () => {
    const held = { seq: 0, tool: 'a', argument: {} }
    const cursor = new ReplayCursor([entry(1, 'a', {}, 0)], [held])
    expect(cursor.next(call('a'))).toEqual({ kind: 'new', seq: 0 })
    expect(cursor.next(call('a'))).toMatchObject({ kind: 'recorded', entry: { seq: 1 } })
  })

  it('knows a held call by its tool when a schema has completed its argument', () => {
    const held = { seq: 1, tool: 'refund', argument: { cents: 5, note: '' } }
    const cursor = new ReplayCursor([entry(0, 'a', {}, 0), entry(2, 'c', {}, 1)], [held])
    expect(cursor.next(call('c'))).toMatchObject({ kind: 'recorded', entry: { seq: 2 } })
    expect(cursor.next(call('a'))).toMatchObject({ kind: 'recorded', entry: { seq: 0 } })
    expect(cursor.next(call('d'))).toEqual({ kind: 'new', seq: 3 })
    expect(cursor.next(call('refund', { cents: 5 }))).toEqual({ kind: 'new', seq: 1 })
  })

  it('ignores the place of a held call that has left since', () => {
    const held = { seq: 0, tool: 'a', argument: {} }
    const cursor = new ReplayCursor([entry(0, 'a', {}, 0)], [held])
    expect(cursor.next(call('a'))).toMatchObject({ kind: 'recorded' })
    expect(cursor.next(call('a'))).toEqual({ kind: 'new', seq: 1 })
  })

  const diverging: Record<string, [entries: JournalEntry[], calls: ReturnType<typeof call>[]]> = {
    'another tool': [[entry(0, 'a', {}, 0)], [call('b')]],
    'another argument': [[entry(0, 'refund', { cents: 5 })], [call('refund', { cents: 500 })]],
    'an argument of another type': [[entry(0, 'a', { n: 1 }, 0)], [call('a', { n: '1' })]],
    'one call more before those on record': [
      [entry(0, 'a', {}, 0), entry(1, 'b', {}, 1)],
      [call('a'), call('a')],
    ],
    'a second call in the place of one that was held': [
      [entry(0, 'a', {}, 0), entry(2, 'c', {}, 1)],
      [call('a'), call('refund'), call('refund')],
    ],
    'a call in a later gap': [[entry(0, 'a', {}, 0), entry(2, 'c', {}, 1)], [call('refund')]],
  }
  for (const [name, [entries, calls]] of Object.entries(diverging)) {
    it(`stops at ${name}`, () => {
      const cursor = new ReplayCursor(entries)
      const last = calls.map((made) => cursor.next(made)).at(-1)
      expect(last).toEqual({ kind: 'diverged', expected: cursor.missing, got: calls.at(-1) })
    })
  }
})

describe('ReplayCursor.deliver', () => {
  it('holds an answer until those before it are given, started yet or not', async () => {
    const entries = [entry(0, 'a', {}, 1), entry(1, 'b', {}, 0)]
    const [a, b] = entries as [JournalEntry, JournalEntry]
    const cursor = new ReplayCursor(entries)
    const given: string[] = []
    cursor.next(call('a'))
    const first = cursor.deliver(a).then(() => given.push('a'))
    await turns()
    expect(given).toEqual([])
    cursor.next(call('b'))
    await Promise.all([first, cursor.deliver(b).then(() => given.push('b'))])
    expect(given).toEqual(['b', 'a'])
  })

  it('has caught up when every call is made again and every answer given', async () => {
    const entries = [entry(0, 'a', {}, 0), entry(1, 'b', {})]
    const cursor = new ReplayCursor(entries)
    let hasCaughtUp = false
    void cursor.caughtUp().then(() => {
      hasCaughtUp = true
    })
    cursor.next(call('a'))
    await cursor.deliver(entries[0] as JournalEntry)
    await turns()
    expect(hasCaughtUp).toBe(false)
    cursor.next(call('b'))
    await turns()
    expect(hasCaughtUp).toBe(true)
    await new ReplayCursor([]).caughtUp()
  })

  it('refuses a call without a recorded answer', () => {
    const open = entry(0, 'a', {})
    expect(() => new ReplayCursor([open]).deliver(open)).toThrow(TypeError)
  })
})

const group = fc.record({
  tools: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 }),
  waitsFor: fc.constantFrom('all', 'first'),
  isUnique: fc.boolean(),
})
const program: fc.Arbitrary<Chain[]> = fc.array(fc.array(group, { maxLength: 4 }), {
  minLength: 1,
  maxLength: 4,
})
const choices: fc.Arbitrary<Choice[]> = fc.array(fc.nat({ max: 1_000 }), { maxLength: 120 })

describe('a program that is interrupted anywhere', () => {
  it('goes on where it was: nothing diverges, hangs or happens twice', async () => {
    await fc.assert(
      fc.asyncProperty(
        program,
        fc.array(choices, { minLength: 1, maxLength: 3 }),
        async (chains, runs) => {
          const attempts: Attempt[] = []
          let known: Pick<Attempt, 'journal' | 'held'> = { journal: [], held: [] }
          for (const order of runs) {
            const attempt = await runAttempt(chains, known, { order, stops: true })
            attempts.push(attempt)
            known = attempt
          }
          const { journal } = known
          const last = await runAttempt(chains, known, { order: [], stops: false })
          attempts.push(last)
          expect(attempts.map(({ diverged }) => diverged)).toEqual(attempts.map(() => null))
          expect(last.isComplete).toBe(true)
          expect(last.missing).toBeNull()
          // What had an answer on record was never performed again.
          const performed = attempts.flatMap(({ answered }) => answered)
          expect(new Set(performed).size).toBe(performed.length)
          expect(performed.length).toBe(last.journal.length)
          // And the program saw the answers in the order in which they first came.
          const recorded = journal
            .filter(({ answer }) => answer !== undefined)
            .sort((x, y) => (x.finishedOrder ?? 0) - (y.finishedOrder ?? 0))
            .map(({ seq }) => seq)
          expect(last.delivered.slice(0, recorded.length)).toEqual(recorded)
        },
      ),
      { numRuns: 400 },
    )
  })
})

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
}
