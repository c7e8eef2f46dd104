import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { ToolError } from '../../harness/index.ts'
import type { DatabaseWall, SqlAnswer, SqlSource, SqlStatement } from './sql-source.ts'
import type { SqliteChildMessage, SqliteChildOptions, SqliteChildQuestion } from './sqlite-child.ts'

/** Which database a process opens, and how long one statement may take. */
export interface SqliteProcessOptions extends Omit<SqliteChildOptions, 'busyTimeoutMs'> {
  readonly timeoutMs: number
}

const ENTRY = new URL(`./sqlite-child${extname(import.meta.filename)}`, import.meta.url)

// For the process, not for the statement: a busy host must not make every statement too slow.
const STARTING: TimeLimit = { limitMs: 30_000, tooLong: 'The database did not open in time' }
const MAX_BUSY_TIMEOUT_MS = 2_000

interface TimeLimit {
  readonly limitMs: number
  /** What is said when it is over. */
  readonly tooLong: string
}

interface RunningChild {
  readonly process: ChildProcess
  /** Resolves when the database is open. */
  readonly ready: Promise<void>
}

/**
 * A database file, open in a child process that is killed when a statement takes too long or nobody
 * wants its answer any more; the next statement gets a new one. One statement runs at a time, further
 * ones wait. An idle child keeps nobody alive and ends with its parent.
 */
export class SqliteProcess implements SqlSource {
  readonly #options: SqliteProcessOptions
  #child: RunningChild | null = null
  #last: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: SqliteProcessOptions) {
    this.#options = options
  }

  async query(statement: SqlStatement, signal: AbortSignal): Promise<SqlAnswer> {
    const message = await this.#ask({ kind: 'run', statement }, signal)
    if (message.kind === 'answer') return message.answer
    throw failure(message.kind === 'failure' ? message.message : 'The database gave no answer')
  }

  async walls(): Promise<readonly DatabaseWall[]> {
    const message = await this.#ask({ kind: 'walls' }, new AbortController().signal)
    if (message.kind === 'walls') return message.walls
    throw failure('The database gave no answer')
  }

  /** Ends the child; a statement under way fails. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#child?.process.kill('SIGKILL')
    await this.#last
  }

  #ask(question: SqliteChildQuestion, signal: AbortSignal): Promise<SqliteChildMessage> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const answer = this.#last.then(() => this.#askNow(question, signal))
    // The next one waits for the end of this one, whichever it is, and keeps none of its rows.
    const settled = () => {}
    this.#last = answer.then(settled, settled)
    // Who waits for their turn need not wait to be told that nobody wants the answer any more.
    return Promise.race([answer, rejectOnAbort(signal, this.#last)])
  }

  async #askNow(question: SqliteChildQuestion, signal: AbortSignal): Promise<SqliteChildMessage> {
    signal.throwIfAborted()
    if (this.#isClosed) throw failure('The database is closed')
    const child = this.#child ?? this.#start()
    child.process.channel?.ref()
    try {
      await this.#within(STARTING, signal, { child, work: () => child.ready })
      const { timeoutMs } = this.#options
      const limit = {
        limitMs: timeoutMs,
        tooLong: `The statement took longer than ${timeoutMs} ms; narrow it down`,
      }
      return await this.#within(limit, signal, {
        child,
        work: () => exchange(child.process, question),
      })
    } finally {
      child.process.channel?.unref()
    }
  }

  /** Kills the child when what is waited for takes too long or is not wanted any more. */
  #within<T>(
    { limitMs, tooLong }: TimeLimit,
    signal: AbortSignal,
    { child, work }: { readonly child: RunningChild; readonly work: () => Promise<T> },
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = (reason: unknown) => {
        this.#kill(child.process)
        reject(reason)
      }
      const abort = () => stop(signal.reason)
      const timer = setTimeout(() => stop(failure(tooLong)), limitMs)
      signal.addEventListener('abort', abort, { once: true })
      work()
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer)
          signal.removeEventListener('abort', abort)
        })
      if (signal.aborted) abort()
    })
  }

  #start(): RunningChild {
    const { file, mode, access, timeoutMs } = this.#options
    const busyTimeoutMs = Math.min(timeoutMs, MAX_BUSY_TIMEOUT_MS)
    const options: SqliteChildOptions = { file, mode, access, busyTimeoutMs }
    const child = fork(ENTRY, [JSON.stringify(options)], {
      env: { TZ: 'UTC' },
      execArgv: ['--max-old-space-size=256'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const ready = nextMessage(child).then(() => {})
    // Whoever asks is told; nobody else has to be.
    ready.catch(() => {})
    child.on('error', () => this.#kill(child))
    child.on('exit', () => this.#kill(child))
    child.unref()
    child.channel?.unref()
    this.#child = { process: child, ready }
    return this.#child
  }

  #kill(child: ChildProcess): void {
    if (this.#child?.process === child) this.#child = null
    child.kill('SIGKILL')
  }
}

function exchange(child: ChildProcess, question: SqliteChildQuestion): Promise<SqliteChildMessage> {
  const answer = nextMessage(child)
  child.send(question, (error) => {
    // A child that is gone says so by its exit.
    if (error) child.kill('SIGKILL')
  })
  return answer
}

function nextMessage(child: ChildProcess): Promise<SqliteChildMessage> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      child.off('message', read).off('exit', lost).off('error', lost)
      end()
    }
    const read = (message: unknown) => settle(() => resolve(message as SqliteChildMessage))
    const lost = () =>
      settle(() => reject(failure('The database process ended before it had answered')))
    child.on('message', read).on('exit', lost).on('error', lost)
    if (child.exitCode !== null || child.signalCode !== null) lost()
  })
}

/** Rejects when the signal aborts; settles with `end`, so that nothing is left listening. */
function rejectOnAbort(signal: AbortSignal, end: Promise<void>): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    void end.then(() => signal.removeEventListener('abort', abort))
  })
}

function failure(message: string): ToolError {
  return new ToolError('ERR_TOOL_FAILED', message)
}
