import type { JournalEntry } from './run-journal.ts'

/**
 * How long the recorded calls of a run took, in milliseconds; what overlaps counts once. A program that
 * runs again computes everything again and so pays for it again, but is answered at once: this is the part
 * of its time that a replay does not repeat. Waiting for a person is no part of a call.
 */
export function answeredMs(entries: readonly JournalEntry[]): number {
  const spans = entries
    .flatMap(({ startedAt, finishedAt }) =>
      finishedAt === undefined ? [] : [{ from: startedAt, to: finishedAt }],
    )
    .sort((a, b) => a.from - b.from)
  let total = 0
  let end = Number.NEGATIVE_INFINITY
  for (const { from, to } of spans) {
    total += Math.max(0, to - Math.max(from, end))
    end = Math.max(end, to)
  }
  return total
}
