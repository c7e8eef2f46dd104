import type { Duplex } from 'node:stream'
import type { Connection, FieldDef, Submittable } from 'pg'
import { readerOf, type TextReader, toPostgresql } from './postgresql-values.ts'
import { RowCollector, rowTooLarge } from './row-collector.ts'
import type { SqlAnswer, SqlStatement } from './sql-source.ts'

/** What of the driver's connection is used; its type declarations describe an older one. */
interface WireConnection {
  readonly stream: Duplex
  parse(message: { readonly name: string; readonly text: string; readonly types: [] }): void
  bind(message: { readonly values: readonly (string | null)[] }): void
  describe(message: { readonly type: 'P' }): void
  execute(message: { readonly rows: number }): void
  close(message: { readonly type: 'P' }): void
  flush(): void
  sync(): void
  sendCopyFail(message: string): void
}

const FIRST_BATCH = 50
const MAX_BATCH = 1_000
// One row may be as large as the server likes, and the driver holds all of it before anybody sees it.
const SPARE_WIRE_BYTES = 1_048_576

/**
 * One statement over the extended protocol, which takes one statement and no more. The text goes out as it
 * is; rows come through a portal in batches, and after the last one wanted the portal is closed.
 *
 * Resolves `answer` when the server is ready for the next statement; submit it with `client.query`.
 */
export class PortalQuery implements Submittable {
  readonly answer: Promise<SqlAnswer>
  readonly #statement: SqlStatement
  readonly #collector: RowCollector
  readonly #settle = Promise.withResolvers<SqlAnswer>()
  #columns: readonly { readonly name: string; readonly read: TextReader }[] = []
  #changes: number | null = null
  #failure: unknown = null
  #isCut = false
  #stopCounting = (): void => {}

  constructor(statement: SqlStatement) {
    this.#statement = statement
    this.#collector = new RowCollector(statement)
    this.answer = this.#settle.promise
  }

  /** Whether the connection was given up because far too much arrived. */
  get isCut(): boolean {
    return this.#isCut
  }

  submit(driver: Connection): void {
    const connection = driver as unknown as WireConnection
    const { text, params } = this.#statement
    this.#countBytes(connection.stream)
    connection.stream.cork()
    connection.parse({ name: '', text, types: [] })
    connection.bind({ values: Object.values(params).map(toPostgresql) })
    connection.describe({ type: 'P' })
    connection.execute({ rows: this.#collector.nextBatch(FIRST_BATCH) })
    connection.flush()
    connection.stream.uncork()
  }

  handleRowDescription({ fields }: { readonly fields: readonly FieldDef[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({ name, read: readerOf(dataTypeID) }))
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    if (this.#failure !== null || this.#collector.truncated) return
    try {
      const row = this.#columns.map(({ name, read }, index) => {
        const value = fields[index] ?? null
        return [name, value === null ? null : read(value)] as const
      })
      this.#collector.add(Object.fromEntries(row))
    } catch (error) {
      // Nobody above would catch it: it is told when the server is ready again.
      this.#failure = error
    }
  }

  handlePortalSuspended(driver: Connection): void {
    const connection = driver as unknown as WireConnection
    if (this.#failure !== null || this.#collector.truncated) {
      connection.close({ type: 'P' })
      connection.sync()
      return
    }
    connection.execute({ rows: this.#collector.nextBatch(MAX_BATCH) })
    connection.flush()
  }

  handleCommandComplete({ text }: { readonly text: string }, connection: Connection): void {
    const [, count] = /^(?:INSERT \d+|UPDATE|DELETE|MERGE) (\d+)$/.exec(text) ?? []
    this.#changes = Number(count ?? 0)
    connection.sync()
  }

  handleEmptyQuery(connection: Connection): void {
    connection.sync()
  }

  handleReadyForQuery(): void {
    this.#stopCounting()
    if (this.#failure !== null) this.#settle.reject(this.#failure)
    else this.#settle.resolve(this.#answerSoFar())
  }

  handleError(error: unknown, connection: Connection): void {
    this.#stopCounting()
    const { rows } = this.#collector
    if (this.#isCut && rows.length > 0) {
      this.#settle.resolve({ ...this.#answerSoFar(), truncated: true })
    } else this.#settle.reject(this.#failure ?? error)
    // Until then the server ignores everything; on a connection that is lost it goes nowhere.
    connection.sync()
  }

  handleCopyInResponse(driver: Connection): void {
    const connection = driver as unknown as WireConnection
    connection.sendCopyFail('Not here')
  }

  handleCopyData(): void {
    // A statement that copies is refused before it is sent.
  }

  #answerSoFar(): SqlAnswer {
    const { rows, truncated } = this.#collector
    return { rows, truncated, changes: this.#changes }
  }

  /** Cuts the connection when far more arrives than an answer may have. */
  #countBytes(stream: Duplex): void {
    const { maxBytes } = this.#statement
    let left = 2 * maxBytes + SPARE_WIRE_BYTES
    const count = (chunk: Buffer) => {
      left -= chunk.length
      if (left >= 0) return
      this.#isCut = true
      this.#failure ??= rowTooLarge(maxBytes)
      stream.destroy()
    }
    stream.on('data', count)
    this.#stopCounting = () => stream.off('data', count)
  }
}
