import type { Client, PoolClient, PoolConfig } from 'pg'

const CANCEL_TIMEOUT_MS = 2_000
const REPEAT_AFTER_MS = 200

/** A statement that is to end. */
export interface RunningStatement {
  readonly client: PoolClient
  /** The number of the server's process. */
  readonly processId: number
  /** Settles when the statement has ended, in whatever way. */
  readonly ended: Promise<unknown>
}

/**
 * Tells the server to end what a connection is doing, over a connection of its own: those of the pool may
 * all be busy. When that fails the connection itself is given up.
 */
export async function cancelStatement(
  config: PoolConfig,
  { client, processId, ended }: RunningStatement,
): Promise<void> {
  const { Client } = await import('pg')
  const messenger: Client = new Client({
    ...config,
    connectionTimeoutMillis: CANCEL_TIMEOUT_MS,
    query_timeout: CANCEL_TIMEOUT_MS,
  })
  messenger.on('error', () => {})
  try {
    await messenger.connect()
    // A server that has not begun to read the statement ignores the first one.
    for (let waited = 0; waited < CANCEL_TIMEOUT_MS; waited += REPEAT_AFTER_MS) {
      await messenger.query('SELECT pg_cancel_backend($1)', [processId])
      if (await settlesWithin(ended, REPEAT_AFTER_MS)) return
    }
    client.connection.stream.destroy()
  } catch {
    // The server's own timeout ends the statement there.
    client.connection.stream.destroy()
  } finally {
    await messenger.end().catch(() => {})
  }
}

async function settlesWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const { promise: isLate, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => resolve(false), limitMs)
  const settled = work.then(
    () => true,
    () => true,
  )
  try {
    return await Promise.race([settled, isLate])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for a query of the tool's own, and gives the connection up when it takes too long. */
export async function orGiveUp<T>(
  client: PoolClient,
  query: Promise<T>,
  limitMs: number,
  signal?: AbortSignal,
): Promise<T> {
  const giveUp = () => client.connection.stream.destroy()
  const timer = setTimeout(giveUp, limitMs)
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    return await query
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}
