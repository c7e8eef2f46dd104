import { describe, expect, it } from 'vitest'
import { MemoryRunJournal } from '../../../harness/journal/memory-run-journal.ts'
import { journalEntry } from '../validation/run-output.ts'

const answer = { kind: 'value', value: { rows: [1] } } as const
const diverged = expect.objectContaining({ code: 'ERR_RUN_DIVERGED' })

describe('MemoryRunJournal', () => {
  it('gives back the calls of a run in start order', async () => {
    const journal = new MemoryRunJournal()
    await journal.started(journalEntry({ seq: 1 }))
    await journal.started(journalEntry({ seq: 0 }))
    await journal.started(journalEntry({ runId: 'run-2' }))
    await journal.finished('run-1', 1, answer, { finishedOrder: 0, finishedAt: 5 })
    const entries = await journal.read('run-1')
    expect(entries).toEqual([
      journalEntry({ seq: 0 }),
      journalEntry({ seq: 1, answer, finishedOrder: 0, finishedAt: 5 }),
    ])
    expect(await journal.read('run-3')).toEqual([])
  })

  it('writes each place once and answers each call once', async () => {
    const journal = new MemoryRunJournal()
    await journal.started(journalEntry())
    await expect(journal.started(journalEntry())).rejects.toEqual(diverged)
    await journal.finished('run-1', 0, answer, { finishedOrder: 0, finishedAt: 5 })
    await expect(
      journal.finished('run-1', 0, answer, { finishedOrder: 1, finishedAt: 6 }),
    ).rejects.toEqual(diverged)
    await expect(
      journal.finished('run-1', 7, answer, { finishedOrder: 1, finishedAt: 6 }),
    ).rejects.toEqual(diverged)
  })

  it('forgets the run that began first beyond its bound', async () => {
    const journal = new MemoryRunJournal({ maxRuns: 2 })
    for (const runId of ['a', 'b', 'c']) await journal.started(journalEntry({ runId }))
    expect(await journal.read('a')).toEqual([])
    expect(await journal.read('b')).toHaveLength(1)
    expect(() => new MemoryRunJournal({ maxRuns: 0 })).toThrow(RangeError)
  })
})
