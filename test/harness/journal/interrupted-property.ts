import { expect } from 'vitest'
import type { JournalEntry, ProgramReader, Sandbox } from '../../../harness/index.ts'
import { drawProgram, InterruptedRun, journalOf, Lot } from './interrupted-programs.ts'

/**
 * Runs one program drawn by lot, kills it up to three times, and checks what must hold however calls,
 * answers and timers interleave: nothing diverges, what was on record stays as it was, no call leaves a
 * second time once it has been answered, and the finished journal replays to the same value.
 */
export async function checkInterrupted(
  seed: number,
  means: { readonly reader: ProgramReader; readonly sandbox: Sandbox },
): Promise<void> {
  const lot = new Lot(seed)
  const source = drawProgram(lot)
  const run = new InterruptedRun(source, { ...means, delayOf: () => lot.draw(15) })
  const where = `seed ${seed}:\n${source}`
  let left: readonly JournalEntry[] = []
  for (let kills = lot.draw(4); kills > 0; kills -= 1) {
    const before = left
    left = (await run.run(await journalOf(before), { killAfterMs: lot.draw(60) })).journal
    expectKept(before, left, where)
  }
  const answered = new Set(left.flatMap(({ answer, seq }) => (answer ? [`run-1:${seq}`] : [])))
  const since = run.effects.length
  const { outcome, journal } = await run.run(await journalOf(left))
  expect(outcome, where).toMatchObject({ status: 'completed' })
  expectKept(left, journal, where)
  expect(
    run.effects.slice(since).filter((key) => answered.has(key)),
    where,
  ).toEqual([])
  const made = run.effects.length
  const lastTurns = outcome?.lastTurns
  const again = await run.run(await journalOf(journal), { lastTurns })
  expect(again.outcome, where).toMatchObject({ status: 'completed', result: outcome?.result })
  // A call that the program did not wait for may not have left by its end; all that did stays as it was.
  expectKept(journal, again.journal, where)
  const recorded = new Set(journal.map(({ idempotencyKey }) => idempotencyKey))
  expect(
    run.effects.slice(made).filter((key) => recorded.has(key)),
    where,
  ).toEqual([])
}

/** Every call on record is still there, and so is every answer. */
function expectKept(
  before: readonly JournalEntry[],
  after: readonly JournalEntry[],
  where: string,
): void {
  for (const [index, entry] of before.entries()) {
    const { answer, finishedOrder, finishedAt, ...call } = entry
    const known = answer === undefined ? {} : { answer, finishedOrder, finishedAt }
    expect(after[index], where).toMatchObject({ ...call, ...known })
  }
}
