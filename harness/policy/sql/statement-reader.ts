import { extname } from 'node:path'
import { SandboxError } from '../../errors.ts'
import { KillableProcess, KillableProcessError } from '../../parsing/killable-process.ts'
import { Places } from '../../sandbox/places.ts'
import type { SqlDialect } from '../../sandbox/tool-host.ts'
import { passGate } from './sql-gate.ts'
import {
  deniedOutright,
  type SqlQuestion,
  type SqlReading,
  SqlRefusal,
  type SqlRules,
} from './sql-verdict.ts'

// By the processor's time, so that a busy machine denies nobody, and by the clock within a second.
const DEADLINE_MS = 300
const PATIENCE_MS = 300
const MAX_CACHED_READINGS = 512
const MAX_CACHED_CHARACTERS = 4_096
const MAX_CALLS_PER_CHILD = 5_000
const MAX_CHILDREN = 2
// A host may ask for a whole log at once; a caller with a key gets half of what is left.
const MAX_QUEUED = 8_192

/** One text to be read. */
export interface StatementRequest {
  readonly sql: string
  readonly dialect: SqlDialect
  /** Who asks, so that callers take turns. Default: nobody's own turn. */
  readonly fairKey?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads SQL texts under the rules of one policy, in child processes that are killed when a text takes too
 * long or too much. Callers take turns; what was read lately is remembered.
 */
export class StatementReader {
  readonly #rules: SqlRules
  readonly #rulesText: string
  readonly #places = new Places(MAX_CHILDREN, MAX_QUEUED)
  readonly #readings = new Map<string, SqlReading>()
  readonly #children = new Set<KillableProcess>()
  /** Children without work, the one that worked last at the end. */
  readonly #idle: KillableProcess[] = []
  #isClosed = false

  constructor(rules: SqlRules) {
    this.#rules = rules
    this.#rulesText = JSON.stringify(rules)
    this.#idle.push(this.#addChild())
  }

  /** Starts a child now, so that the first statement need not wait for it. */
  warm(): void {
    this.#idle.at(-1)?.warm()
  }

  /**
   * Reads one text. Whatever is in it, the answer comes within a second of the moment that a child takes it.
   *
   * @throws {SandboxError} `ERR_OVERLOADED` if too many texts wait; `ERR_SANDBOX_TIMEOUT` if the signal
   * was aborted or the reader closed.
   */
  async read(request: StatementRequest): Promise<SqlReading> {
    const { sql, dialect } = request
    const key = `${dialect} ${sql}`
    const known = this.#readings.get(key)
    if (known !== undefined) return this.#remember(key, known)
    try {
      passGate(sql, dialect, this.#rules.denyDdl)
    } catch (error) {
      if (error instanceof SqlRefusal) return deniedOutright(error.reasonCode, error.message)
      throw error
    }
    const leave = await this.#places.enter(request.signal, request.fairKey)
    if (leave === null) throw notRead()
    try {
      return this.#remember(key, await this.#ask(request))
    } catch (error) {
      if (!(error instanceof KillableProcessError)) throw error
      if (error.kind === 'aborted') throw notRead()
      return readingOfFailure(error)
    } finally {
      leave()
    }
  }

  /** Ends the children. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#children].map((child) => child.close()))
  }

  async #ask({ sql, dialect, signal }: StatementRequest): Promise<SqlReading> {
    if (this.#isClosed) throw new KillableProcessError('aborted')
    const question = { sql, dialect, rulesText: this.#rulesText } satisfies SqlQuestion
    const child = this.#idle.pop() ?? this.#addChild()
    try {
      const answer = await child.call(question, {
        deadlineMs: DEADLINE_MS,
        patienceMs: PATIENCE_MS,
        ...(signal === undefined ? {} : { signal }),
      })
      this.#idle.push(child)
      return answer as unknown as SqlReading
    } catch (error) {
      // A child that was killed is replaced now rather than while the next statement waits.
      child.warm()
      this.#idle.unshift(child)
      throw error
    }
  }

  #addChild(): KillableProcess {
    const child = new KillableProcess({
      entry: new URL(`./sql-child${extname(import.meta.filename)}`, import.meta.url),
      name: 'sql',
      maxCalls: MAX_CALLS_PER_CHILD,
    })
    this.#children.add(child)
    return child
  }

  /** The most recently used readings are kept; a map keeps its keys in order of insertion. */
  #remember(key: string, reading: SqlReading): SqlReading {
    if (key.length > MAX_CACHED_CHARACTERS) return reading
    this.#readings.delete(key)
    this.#readings.set(key, reading)
    const [oldest] = this.#readings.keys()
    if (this.#readings.size > MAX_CACHED_READINGS && oldest !== undefined) {
      this.#readings.delete(oldest)
    }
    return reading
  }
}

function readingOfFailure({ kind }: KillableProcessError): SqlReading {
  return kind === 'deadline' || kind === 'memory'
    ? deniedOutright('too-complex', 'Reading the statement takes too much time or memory')
    : deniedOutright('unparseable', 'The statement could not be read')
}

function notRead(): SandboxError {
  return new SandboxError('ERR_SANDBOX_TIMEOUT', 'The SQL was not read before the run ended')
}
