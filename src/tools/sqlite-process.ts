import { type ChildProcess, fork } from 'node:child_process'
import { extname } from 'node:path'
import { type JsonObject, ToolError } from '../../harness/index.ts'
import type { SqliteChildAnswer, SqliteChildOptions } from './sqlite-child.ts'
import type { SqliteQuery } from './sqlite-query.ts'

/** Which database a process opens, and how long one statement may take. */
export interface SqliteProcessOptions extends SqliteChildOptions {
  readonly timeoutMs: number
}

const ENTRY = new URL(`./sqlite-child${extname(import.meta.filename)}`, import.meta.url)

/**
 * A database file, open in a child process that is killed when a statement takes too long or nobody
 * wants its answer any more; the next statement gets a new one. One statement runs at a time, further
 * ones wait. An idle child keeps nobody alive and ends with its parent.
 */
export class SqliteProcess {
  readonly #options: SqliteProcessOptions
  #child: ChildProcess | null = null
  #last: Promise<void> = Promise.resolve()
  #isClosed = false

  constructor(options: SqliteProcessOptions) {
    this.#options = options
  }

  /** @throws {ToolError} When the statement fails or takes too long. */
  query(query: SqliteQuery, signal: AbortSignal): Promise<readonly JsonObject[]> {
    const answer = this.#last.then(() => this.#ask(query, signal))
    // The next one waits for the end of this one, whichever it is, and keeps none of its rows.
    const settled = () => {}
    this.#last = answer.then(settled, settled)
    return answer
  }

  /** Ends the child; a statement under way fails. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#child?.kill('SIGKILL')
    await this.#last
  }

  #ask(query: SqliteQuery, signal: AbortSignal): Promise<readonly JsonObject[]> {
    signal.throwIfAborted()
    if (this.#isClosed) throw failure('The database is closed')
    const child = this.#child ?? this.#start()
    const { timeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        child.off('message', read).off('exit', lost)
        child.channel?.unref()
        end()
      }
      const stop = (reason: unknown) => {
        this.#kill(child)
        settle(() => reject(reason))
      }
      const abort = () => stop(signal.reason)
      const lost = () => stop(failure('The database process ended before it had answered'))
      const read = (message: unknown) => {
        const answer = message as SqliteChildAnswer
        settle(() => (answer.ok ? resolve(answer.rows) : reject(failure(answer.message))))
      }
      const timer = setTimeout(
        () => stop(failure(`The statement took longer than ${timeoutMs} ms; narrow it down`)),
        timeoutMs,
      )
      signal.addEventListener('abort', abort, { once: true })
      child.on('message', read).on('exit', lost)
      child.channel?.ref()
      child.send({ ...query }, (error) => {
        if (error) lost()
      })
    })
  }

  #start(): ChildProcess {
    const { file, readOnly } = this.#options
    const child = fork(ENTRY, [JSON.stringify({ file, readOnly })], {
      env: { TZ: 'UTC' },
      execArgv: ['--max-old-space-size=256'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    child.on('error', () => this.#kill(child))
    child.on('exit', () => this.#kill(child))
    child.unref()
    child.channel?.unref()
    this.#child = child
    return child
  }

  #kill(child: ChildProcess): void {
    if (this.#child === child) this.#child = null
    child.kill('SIGKILL')
  }
}

function failure(message: string): ToolError {
  return new ToolError('ERR_TOOL_FAILED', message)
}
