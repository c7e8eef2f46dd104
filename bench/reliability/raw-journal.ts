import { DatabaseSync } from 'node:sqlite'
import type { JournalEntry } from '../../harness/index.ts'

/** A call as most are: a short statement with a parameter. */
export function entryOf(runId: string, seq: number): JournalEntry {
  return {
    runId,
    seq,
    tool: 'orders.find',
    argument: { sql: 'SELECT id, total FROM orders WHERE customer = $1', params: [`c-${seq}`] },
    digest: 'd'.repeat(64),
    readOnly: true,
    idempotencyKey: `${runId}:${seq}`.padEnd(40, 'k'),
    startedAt: 1_795_000_000_000 + seq,
  }
}

const COLUMNS =
  'run_id, seq, tool, argument_json, digest, read_only, idempotency_key, started_at' as const

/** The journal's own table, in a file that nothing but this writes to. */
export class RawJournal {
  readonly #database: DatabaseSync

  /** @param model - The file of a store, whose table is made here as well. */
  constructor(path: string, model: string) {
    this.#database = new DatabaseSync(path)
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    const store = new DatabaseSync(model, { readOnly: true })
    const select = `SELECT sql FROM sqlite_schema WHERE tbl_name = 'airlock_journal' AND sql <> ''`
    for (const { sql } of store.prepare(select).all()) this.#database.exec(String(sql))
    store.close()
  }

  /** Writes so many calls, `atOnce` to a transaction, each of another run. */
  recordsPerSecond(round: string, records: number, atOnce: number): number {
    const marks = COLUMNS.replaceAll(/\w+/g, '?')
    const insert = this.#database.prepare(
      `INSERT INTO airlock_journal (${COLUMNS}) VALUES (${marks})`,
    )
    const begun = performance.now()
    for (let written = 0; written < records; ) {
      this.#database.exec('BEGIN IMMEDIATE')
      for (let n = 0; n < atOnce && written < records; n++, written++) {
        const entry = entryOf(`${round}-${n}`, Math.floor(written / atOnce))
        const { runId, seq, tool, argument, digest, idempotencyKey, startedAt } = entry
        const text = JSON.stringify(argument)
        insert.run(runId, seq, tool, text, digest, 1, idempotencyKey, startedAt)
      }
      this.#database.exec('COMMIT')
    }
    return (records / (performance.now() - begun)) * 1000
  }

  close(): void {
    this.#database.close()
  }
}
