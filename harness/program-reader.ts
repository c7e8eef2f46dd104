import { createHash } from 'node:crypto'
import { extname } from 'node:path'
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
import type { Program, ProgramLanguage } from './program.ts'
import type { Finding } from './verdict.ts'

/** How much the child that reads programs may use. */
export interface ProgramReaderOptions {
  /** Heap of the child, in MiB. Default 256. */
  readonly memoryMb?: number
  /** Longest time for one program, in milliseconds; always counted against the run. Default 1 000. */
  readonly deadlineMs?: number
}

/** A text to be read as a program. */
export interface ReadRequest {
  readonly source: string
  readonly language: ProgramLanguage
  /** The tools granted to the run. */
  readonly toolNames: readonly string[]
  /** Largest text, in bytes of UTF-8. */
  readonly maxProgramBytes: number
  /** Leaves out the rules of static analysis. For tests of the layers behind them. Default false. */
  readonly skipRules?: boolean
  /** What is left of the run, in milliseconds; the reader's own deadline holds as well. */
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
 * goal that will run, and analyses. All of that happens in a child process that is killed when a text
 * takes too long or too much; the host only counts brackets and computes the hash.
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
  readonly #child: KillableProcess
  readonly #deadlineMs: number

  /** @throws {RangeError} If an option is not a positive number. */
  constructor(options: ProgramReaderOptions = {}) {
    const { memoryMb = 256, deadlineMs = 1_000 } = options
    for (const [name, value] of Object.entries({ memoryMb, deadlineMs })) {
      if (!(value > 0))
        throw new RangeError(`ProgramReader option "${name}" must be a positive number`)
    }
    this.#deadlineMs = deadlineMs
    this.#child = new KillableProcess({
      entry: new URL(`./parsing/program-child${extname(import.meta.filename)}`, import.meta.url),
      name: 'program',
      memoryMb,
    })
  }

  /** Starts the child now, so that the first program need not wait for it. */
  warm(): void {
    this.#child.warm()
  }

  /** Reads one text. Never throws for what the text contains, however hostile. */
  async read(request: ReadRequest): Promise<ReadProgram> {
    const { source, language } = request
    const refused = checkSource(source, request.maxProgramBytes)
    if (refused !== null) return { ok: false, code: refused.code, findings: [refused.finding] }
    const question: ProgramQuestion = {
      source,
      language,
      toolNames: [...request.toolNames],
      skipRules: request.skipRules ?? false,
    }
    let message: JsonValue
    try {
      message = await this.#child.call(question as unknown as JsonValue, {
        deadlineMs: Math.max(1, Math.min(this.#deadlineMs, request.deadlineMs ?? this.#deadlineMs)),
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      })
    } catch (error) {
      if (!(error instanceof KillableProcessError)) throw error
      // A child that is gone is replaced now rather than while the next program waits.
      this.#child.warm()
      return killed(error.kind)
    }
    const answer = readAnswer(message)
    if (answer === null) return killed('crashed')
    if (!answer.ok) return answer
    const { code, facts, findings, positions } = answer
    const hash = createHash('sha256').update(code, 'utf8').digest('hex')
    const program: Program = { source, language, code, hash, facts, findings, positions }
    return { ok: true, program }
  }

  /** Ends the child. */
  async close(): Promise<void> {
    await this.#child.close()
  }
}

const KILLED: Readonly<
  Record<KillReason, { code: ReadFailureCode; message: string; hint: string }>
> = {
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

function killed(reason: KillReason): ReadProgram {
  const { code, message, hint } = KILLED[reason]
  const ruleId = `parser-${reason}`
  return {
    ok: false,
    code,
    findings: [{ ruleId, source: 'analysis', severity: 'violation', message, hint }],
  }
}
