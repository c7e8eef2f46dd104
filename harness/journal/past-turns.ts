import type { JournalEntry, ProgramTurn, TurnRecord } from './run-journal.ts'

/**
 * What a program had seen when it made its last call on record, or when it ended or came to wait. Entries may hold parts that overlap, as
 * calls that left together are put down together. From a gap on nothing is known: the program is shown the
 * answers that follow in the order in which they came, and its timers fire as they come.
 *
 * @param lastTurns - What it saw after its last call, where that is known.
 */
export function pastTurns(
  entries: readonly JournalEntry[],
  lastTurns?: TurnRecord,
): readonly ProgramTurn[] {
  const past: ProgramTurn[] = []
  const kept = entries.flatMap(({ turns }) => turns ?? [])
  const records = [...kept, ...(lastTurns === undefined ? [] : [lastTurns])].sort(
    (a, b) => a.from - b.from,
  )
  for (const { from, list } of records) {
    if (from > past.length) return past
    past.push(...list.slice(past.length - from))
  }
  return past
}
