import type { Pool, PoolClient, PoolConfig } from 'pg'
import { ToolError } from '../../harness/index.ts'
import { cancelStatement, orGiveUp } from './postgresql-cancel.ts'
import { tooLong, wordPostgresqlError } from './postgresql-errors.ts'
import { PortalQuery } from './postgresql-portal.ts'
import { beginStatements, RESET, type SessionOptions } from './postgresql-session.ts'
import { tryPostgresqlWalls } from './postgresql-walls.ts'
import { AccessList, type SqlAccess } from './sql-access.ts'
import {
  type DatabaseWall,
  type SqlAnswer,
  type SqlSource,
  type SqlStatement,
  StatementError,
} from './sql-source.ts'
import { requireKnownStatement } from './statement-text.ts'

/** Which database, and how statements run there. */
export interface PostgresqlSourceOptions extends SessionOptions {
  readonly connection: PoolConfig
  readonly access: SqlAccess | null
}

// The server ends a statement itself; this is for when it does not, and for rows that come slowly.
const DEADLINE_GRACE_MS = 500
// For statements of the tool's own, which have nothing to do.
const OWN_TIMEOUT_MS = 5_000

/** A connection within its transaction. */
interface Session {
  readonly client: PoolClient
  readonly processId: number
}

/**
 * A PostgreSQL database behind a pool. Every statement runs in a transaction of its own, which is rolled
 * back unless it may write, on a connection that is reset before anybody else gets it.
 */
export class PostgresqlSource implements SqlSource {
  readonly #options: PostgresqlSourceOptions
  readonly #access: AccessList | null
  readonly #begin: string
  readonly #leaving = new Set<Promise<void>>()
  readonly #closing = new AbortController()
  #pool: Promise<Pool> | null = null
  #ended: Promise<void> | null = null

  constructor(options: PostgresqlSourceOptions) {
    const { access, defaultSchema } = options
    this.#options = options
    this.#access =
      access === null ? null : new AccessList(access, { defaultSchema, foldsCase: false })
    this.#begin = beginStatements(options)
  }

  async query(statement: SqlStatement, caller: AbortSignal): Promise<SqlAnswer> {
    const { mode } = this.#options
    const signal = AbortSignal.any([caller, this.#closing.signal])
    signal.throwIfAborted()
    try {
      requireKnownStatement(statement.text, 'postgresql', mode)
      if (!Array.isArray(statement.params)) {
        throw new StatementError('The params must be a list, in the order of $1, $2, …')
      }
      return await this.#inSession(signal, (session) => this.#run(session, statement, signal))
    } catch (cause) {
      if (signal.aborted) throw signal.reason
      throw this.#worded(cause, statement.text)
    }
  }

  async walls(): Promise<readonly DatabaseWall[]> {
    const inSession = <T>(work: (client: PoolClient) => Promise<T>) =>
      this.#inSession(this.#closing.signal, ({ client }) => work(client))
    try {
      return await tryPostgresqlWalls(inSession, this.#options, this.#access)
    } catch (cause) {
      throw this.#worded(cause, '')
    }
  }

  #worded(cause: unknown, text: string): ToolError {
    const facts = { text, access: this.#access, timeoutMs: this.#options.timeoutMs }
    return new ToolError('ERR_TOOL_FAILED', wordPostgresqlError(cause, facts), { cause })
  }

  /** Ends what runs and every connection. */
  async close(): Promise<void> {
    this.#closing.abort(new ToolError('ERR_TOOL_FAILED', 'The database is closed'))
    this.#ended ??= this.#end()
    await this.#ended
  }

  async #end(): Promise<void> {
    const pool = await this.#pool?.catch(() => null)
    await pool?.end()
    await Promise.allSettled(this.#leaving)
  }

  async #run(session: Session, statement: SqlStatement, signal: AbortSignal): Promise<SqlAnswer> {
    const { mode, timeoutMs } = this.#options
    const portal = new PortalQuery(statement)
    let cancelling: Promise<void> | null = null
    const cancel = () => {
      const running = { ...session, ended: portal.answer }
      cancelling ??= cancelStatement(this.#options.connection, running)
    }
    const deadline = setTimeout(cancel, timeoutMs + DEADLINE_GRACE_MS)
    signal.addEventListener('abort', cancel, { once: true })
    try {
      session.client.query(portal)
      const answer = await portal.answer
      clearTimeout(deadline)
      signal.removeEventListener('abort', cancel)
      signal.throwIfAborted()
      // What may change nothing has changed nothing, however much of it was read.
      if (mode === 'read') return { ...answer, changes: 0 }
      return await commit(session.client, portal.isCut, answer)
    } catch (error) {
      throw cancelling === null ? error : new StatementError(tooLong(timeoutMs))
    } finally {
      clearTimeout(deadline)
      signal.removeEventListener('abort', cancel)
      // A cancellation that comes late must not hit what the connection does next.
      await cancelling
    }
  }

  /** Takes a connection, begins, works, and gives the connection back in the background. */
  async #inSession<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#connect(signal)
    // A connection that is lost tells its queries so; without a listener it would also end the host.
    const ignore = () => {}
    client.on('error', ignore)
    try {
      const begun = orGiveUp(client, client.query(this.#begin), OWN_TIMEOUT_MS, signal)
      const results = (await begun) as unknown as readonly {
        readonly rows: readonly { readonly pid: number }[]
      }[]
      return await work({ client, processId: results.at(-1)?.rows[0]?.pid ?? 0 })
    } finally {
      const left = giveBack(client).finally(() => {
        client.off('error', ignore)
        this.#leaving.delete(left)
      })
      this.#leaving.add(left)
    }
  }

  async #connect(signal: AbortSignal): Promise<PoolClient> {
    signal.throwIfAborted()
    this.#pool ??= openPool(this.#options.connection)
    const connecting = this.#pool.then((pool) => pool.connect())
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await Promise.race([connecting, aborted])
    } catch (error) {
      // Whoever stops waiting must not keep what they waited for.
      connecting.then((client) => client.release()).catch(() => {})
      throw error
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }
}

async function commit(client: PoolClient, isCut: boolean, answer: SqlAnswer): Promise<SqlAnswer> {
  if (isCut) throw new StatementError('The answer is too large; nothing was changed')
  await client.query('COMMIT')
  return answer
}

async function openPool(config: PoolConfig): Promise<Pool> {
  const { Pool } = await import('pg')
  const pool = new Pool(config)
  // A connection that breaks while nobody uses it is replaced by the next one.
  pool.on('error', () => {})
  return pool
}

/** Ends the transaction and whatever the statement has left in the session. */
async function giveBack(client: PoolClient): Promise<void> {
  try {
    await orGiveUp(client, client.query('ROLLBACK'), OWN_TIMEOUT_MS)
    await orGiveUp(client, client.query(RESET), OWN_TIMEOUT_MS)
    client.release()
  } catch {
    client.release(true)
  }
}
