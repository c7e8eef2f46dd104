import { extname } from 'node:path'
import { SandboxError } from './errors.ts'
import type { JsonValue } from './json-value.ts'
import {
  KillableProcess,
  KillableProcessError,
  type KillReason,
} from './parsing/killable-process.ts'
import {
  type ProgramQuestion,
  type ReadFailureCode,
  readAnswer,
} from './parsing/program-message.ts'
import { checkSource } from './parsing/source-limits.ts'
import type { Program, ProgramLanguage, PureModule } from './program.ts'
import { programHash } from './program-hash.ts'
import { Places } from './sandbox/places.ts'
import type { Finding } from './verdict.ts'

/** How much the children that read programs may use. */
export interface ProgramReaderOptions {
  /** Heap of each child, in MiB. Default 256. */
  readonly memoryMb?: number
  /**
   * Longest time for a program of 256 KiB, in milliseconds; a shorter one has in proportion less, and at least
   * a quarter. Where the system tells, it is processor time, and up to ten seconds more by the clock, so that
   * a busy machine turns no program away. Always counted against the run. Default 1 000.
   */
  readonly deadlineMs?: number
  /** Most children at a time; one that is never needed is never started. Default 2. */
  readonly maxChildren?: number
  /** Most texts that wait for a child. One caller may fill half of that. Default 128. */
  readonly maxQueued?: number
}

/** A text to be read as a program. */
export interface ReadRequest {
  readonly source: string
  readonly language: ProgramLanguage
  /** The tools granted to the run. */
  readonly toolNames: readonly string[]
  /** Largest text, in bytes of UTF-8. */
  readonly maxProgramBytes: number
  /** Modules of the host that the program may import; see `CodePolicy`. Default: none. */
  readonly modules?: readonly PureModule[]
  /** Leaves out the rules of static analysis. For tests of the layers behind them. Default false. */
  readonly skipRules?: boolean
  /** Who asks, so that callers take turns: the user, else the endpoint. Default: nobody's own turn. */
  readonly fairKey?: string
  /**
   * What is left of the run, in milliseconds, waiting for a turn included; the reader's own deadline
   * holds as well. Default: as long as it takes.
   */
  readonly deadlineMs?: number
  readonly signal?: AbortSignal
}

/** A program with what was found in it, or why the text is none. */
export type ReadProgram =
  | { readonly ok: true; readonly program: Program }
  | {
      readonly ok: false
      readonly code: ReadFailureCode
      readonly findings: readonly Finding[]
    }

/**
 * Turns untrusted text into programs: lowers TypeScript, brings the ending into one form, parses with the
 * goal that will run, and analyses. All of that happens in child processes that are killed when a text takes
 * too long or too much; the host only counts brackets and computes the hash. Callers take turns.
 *
 * @example
 * ```ts
 * const reader = new ProgramReader()
 * const read = await reader.read({ source: 'return 1 + 1', language: 'js', toolNames: [], maxProgramBytes: 262_144 })
 * if (read.ok) read.program.findings // []
 * await reader.close()
 * ```
 */
export class ProgramReader {
  readonly #memoryMb: number
  readonly #deadlineMs: number
  readonly #places: Places
  readonly #children = new Set<KillableProcess>()
  /** Children without work, the one that worked last at the end. */
  readonly #idle: KillableProcess[] = []
  #isClosed = false

  /** @throws {RangeError} If an option is not a positive number. */
  constructor(options: ProgramReaderOptions = {}) {
    const { memoryMb = 256, deadlineMs = 1_000, maxChildren = 2, maxQueued = 128 } = options
    for (const [name, value] of Object.entries({ memoryMb, deadlineMs, maxChildren, maxQueued })) {
      if (!(value > 0))
        throw new RangeError(`ProgramReader option "${name}" must be a positive number`)
    }
    this.#memoryMb = memoryMb
    this.#deadlineMs = deadlineMs
    this.#places = new Places(maxChildren, maxQueued)
    this.#idle.push(this.#addChild())
  }

  /** Starts a child now, so that the first program need not wait for it. */
  warm(): void {
    this.#idle.at(-1)?.warm()
  }

  /** Reads one text. Never throws for what the text contains, however hostile. */
  async read(request: ReadRequest): Promise<ReadProgram> {
    const refused = checkSource(request.source, request.maxProgramBytes)
    if (refused !== null) return { ok: false, code: refused.code, findings: [refused.finding] }
    const time = new AbortController()
    const timeLeftMs = Math.min(request.deadlineMs ?? LONGEST_TIMER_MS, LONGEST_TIMER_MS)
    const timer = setTimeout(() => time.abort(), timeLeftMs)
    const isTimeOver = () => time.signal.aborted && request.signal?.aborted !== true
    const signals = request.signal === undefined ? [] : [request.signal]
    const signal = AbortSignal.any([time.signal, ...signals])
    let leave: (() => void) | null = null
    try {
      leave = await this.#places.enter(signal, request.fairKey)
      if (leave === null) return unread(isTimeOver() ? 'waited' : 'aborted')
      return programOf(request, await this.#ask(request, signal))
    } catch (error) {
      if (error instanceof SandboxError) return unread('overloaded')
      if (!(error instanceof KillableProcessError)) throw error
      return unread(error.kind === 'aborted' && isTimeOver() ? 'deadline' : error.kind)
    } finally {
      clearTimeout(timer)
      leave?.()
    }
  }

  /** Ends the children. Texts that still wait are not read. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#children].map((child) => child.close()))
  }

  async #ask(request: ReadRequest, signal: AbortSignal): Promise<JsonValue> {
    if (this.#isClosed) throw new KillableProcessError('aborted')
    const question: ProgramQuestion = {
      source: request.source,
      language: request.language,
      toolNames: [...request.toolNames],
      modules: [...(request.modules ?? [])],
      skipRules: request.skipRules ?? false,
    }
    const child = this.#idle.pop() ?? this.#addChild()
    try {
      const answer = await child.call(question as unknown as JsonValue, {
        deadlineMs: this.#deadlineMs * shareFor(request.source),
        patienceMs: PATIENCE_MS,
        signal,
      })
      this.#idle.push(child)
      return answer
    } catch (error) {
      // A child that is gone is replaced now rather than while the next program waits.
      child.warm()
      this.#idle.unshift(child)
      throw error
    }
  }

  #addChild(): KillableProcess {
    const child = new KillableProcess({
      entry: new URL(`./parsing/program-child${extname(import.meta.filename)}`, import.meta.url),
      name: 'program',
      memoryMb: this.#memoryMb,
    })
    this.#children.add(child)
    return child
  }
}

/** How much of the deadline a text gets. */
function shareFor(source: string): number {
  return Math.min(1, Math.max(1 / 4, source.length / FULL_LENGTH))
}

const FULL_LENGTH = 262_144
/** How long a child is waited for that the machine gives no time. The run's own time is always the end. */
const PATIENCE_MS = 10_000

// What a timer can count; it fires at once when told more.
const LONGEST_TIMER_MS = 2 ** 31 - 1

type UnreadReason = KillReason | 'waited' | 'overloaded'

const UNREAD: Readonly<
  Record<UnreadReason, { code: ReadFailureCode; message: string; hint: string }>
> = {
  waited: {
    code: 'ERR_SANDBOX_TIMEOUT',
    message: 'Reading programs is busy; try again',
    hint: 'The time of the run was over before it was the turn of its program',
  },
  overloaded: {
    code: 'ERR_OVERLOADED',
    message: 'Reading programs is busy; try again',
    hint: 'Too many programs wait to be read; have fewer runs at a time',
  },
  deadline: {
    code: 'ERR_SANDBOX_TIMEOUT',
    message: 'Reading the program took too long',
    hint: 'Write a shorter program with simpler types and expressions',
  },
  aborted: {
    code: 'ERR_SANDBOX_TIMEOUT',
    message: 'The run ended while its program was being read',
    hint: 'Start the run again',
  },
  memory: {
    code: 'ERR_SANDBOX_LIMIT',
    message: 'Reading the program took too much memory',
    hint: 'Write a shorter program, and pass large values as `data`',
  },
  crashed: {
    code: 'ERR_SANDBOX_LIMIT',
    message: 'The program could not be read',
    hint: 'Write a shorter program with simpler types and expressions',
  },
}

function unread(reason: UnreadReason): ReadProgram {
  const { code, message, hint } = UNREAD[reason]
  const ruleId = `parser-${reason}`
  return {
    ok: false,
    code,
    findings: [{ ruleId, source: 'analysis', severity: 'violation', message, hint }],
  }
}

function programOf(request: ReadRequest, message: JsonValue): ReadProgram {
  const { source, language } = request
  const answer = readAnswer(message)
  if (answer === null) return unread('crashed')
  if (!answer.ok) return answer
  const { code, facts, findings, positions } = answer
  const hash = programHash(code)
  // Policies of users see it before it runs, and may only look.
  const program = Object.freeze({ source, language, code, hash, facts, findings, positions })
  return { ok: true, program }
}
