import { extname, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import type {
  Answer,
  ExecuteRequest,
  WorkerFailure,
  WorkerOptions,
  WorkerReply,
  WorkerRequest,
} from './sqlite-messages.ts'
import type { CompiledMigration, Engine, Statement, StatementResult } from './statement.ts'
import { newerSchema, StoreError, type StoreFailure } from './store-error.ts'

/** How long after a failed opening the next is tried; calls in between fail at once. */
const REOPEN_AFTER_MS = 1_000

interface Pending {
  resolve(results: readonly StatementResult[]): void
  reject(error: Error): void
}

/**
 * One SQLite database in a thread of its own. Requests that arrive together share a transaction and a
 * sync of the disk, and are answered when that is done. A thread that dies is started again with the
 * next call; a database in memory dies with it.
 */
export class SqliteThread implements Engine {
  readonly #options: WorkerOptions
  readonly #pending = new Map<number, Pending>()
  /** What is sent with the next message. */
  #outgoing: ExecuteRequest[] = []
  #worker: Promise<Worker> | null = null
  #nextId = 0
  /** Why the last opening failed, and until when that is answered without another attempt. */
  #failed: { readonly error: unknown; readonly until: number } | null = null
  #isLost = false
  #isClosed = false

  /** @param location - A path, or `':memory:'`. Nothing is opened before {@link open}. */
  constructor(location: string, migrations: readonly CompiledMigration[]) {
    // Now, so that a later change of the working folder does not lead to another file.
    const path = location === ':memory:' ? location : resolve(location)
    this.#options = { location: path, migrations }
  }

  /**
   * Opens the database and brings its schema up to date.
   *
   * @throws {StoreError} When it cannot be opened.
   * @throws {ConfigurationError} When a newer version of this package has written it.
   */
  async open(): Promise<void> {
    await this.#running()
  }

  /**
   * Runs statements that take effect together or not at all. Resolves when they are durable.
   *
   * @throws {StoreError} When they did not take effect; with reason `crashed`, when nobody knows.
   */
  async execute(
    statements: readonly Statement[],
    options: { readonly isReadOnly: boolean },
  ): Promise<readonly StatementResult[]> {
    const worker = await this.#running()
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<readonly StatementResult[]>()
    this.#pending.set(id, { resolve, reject })
    // A process with nothing else to do waits for answers, and for nothing but answers.
    worker.ref()
    // After everything that is about to ask as well: one message costs as much as sixty requests in it.
    if (this.#outgoing.length === 0) process.nextTick(() => this.#send(worker))
    this.#outgoing.push({ id, statements, isReadOnly: options.isReadOnly })
    return promise
  }

  #send(worker: Worker): void {
    const requests = this.#outgoing
    if (requests.length === 0) return
    this.#outgoing = []
    post(worker, { kind: 'execute', requests })
  }

  /** Lets what was asked be answered, then ends the thread. Later calls are refused. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const worker = await this.#worker?.catch(() => null)
    if (worker === null || worker === undefined) return
    const { promise, resolve } = Promise.withResolvers<void>()
    worker.once('exit', () => resolve())
    worker.ref()
    this.#send(worker)
    post(worker, { kind: 'close' })
    await promise
  }

  #running(): Promise<Worker> {
    if (this.#isClosed) return Promise.reject(new StoreError('closed'))
    if (this.#worker !== null) return this.#worker
    if (this.#isLost) return Promise.reject(new StoreError('crashed'))
    if (this.#failed !== null && Date.now() < this.#failed.until) {
      return Promise.reject(this.#failed.error)
    }
    const starting = this.#start()
    this.#worker = starting
    starting.catch((error: unknown) => {
      this.#failed = { error, until: Date.now() + REOPEN_AFTER_MS }
      this.#forget(starting)
    })
    return starting
  }

  #start(): Promise<Worker> {
    const entry = new URL(`./sqlite-worker${extname(import.meta.filename)}`, import.meta.url)
    const worker = new Worker(entry, { workerData: this.#options, env: {}, execArgv: [] })
    const { promise, resolve, reject } = Promise.withResolvers<Worker>()
    let cause: unknown
    worker.on('message', (reply: WorkerReply) => {
      switch (reply.kind) {
        case 'opened':
          worker.unref()
          return resolve(worker)
        case 'newer-schema':
          return reject(newerSchema(reply.version, this.#options.migrations.length))
        case 'failed-to-open':
          return reject(toStoreError(reply.failure))
        case 'answers':
          for (const answer of reply.answers) this.#settle(answer)
          if (this.#pending.size === 0) worker.unref()
      }
    })
    worker.on('error', (error) => {
      cause = error
    })
    worker.once('exit', () => {
      reject(new StoreError('crashed', { cause }))
      this.#forget(promise)
      if (this.#options.location === ':memory:') this.#isLost = true
      for (const { reject } of this.#pending.values()) reject(new StoreError('crashed', { cause }))
      this.#pending.clear()
    })
    return promise
  }

  #settle(answer: Answer): void {
    const pending = this.#pending.get(answer.id)
    this.#pending.delete(answer.id)
    if ('failure' in answer) pending?.reject(toStoreError(answer.failure))
    else pending?.resolve(answer.results)
  }

  #forget(worker: Promise<Worker>): void {
    if (this.#worker === worker) this.#worker = null
  }
}

function post(worker: Worker, request: WorkerRequest): void {
  worker.postMessage(request)
}

/** SQLite's primary result codes that an operator can do something about. */
const FAILURES: ReadonlyMap<number, StoreFailure> = new Map([
  [5, 'busy'], // SQLITE_BUSY
  [6, 'busy'], // SQLITE_LOCKED
  [8, 'read-only'], // SQLITE_READONLY
  [10, 'other'], // SQLITE_IOERR
  [11, 'corrupt'], // SQLITE_CORRUPT
  [13, 'full'], // SQLITE_FULL
  [14, 'unreachable'], // SQLITE_CANTOPEN
  [26, 'corrupt'], // SQLITE_NOTADB
])

function toStoreError({ message, errcode }: WorkerFailure): StoreError {
  // Without a result code it was the file system that refused, while opening.
  const reason = errcode === undefined ? 'unreachable' : (FAILURES.get(errcode & 0xff) ?? 'other')
  return new StoreError(reason, { cause: new Error(message) })
}
