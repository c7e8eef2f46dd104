import { hash } from 'node:crypto'
import type { ProgramTurn } from '../journal/run-journal.ts'
import type { JsonValue } from '../json-value.ts'
import type { AbandonedCall, SandboxEnding, SandboxRequest, SandboxToolAnswer } from './sandbox.ts'

const MAX_ERROR_LENGTH = 65_536
// What a program may have on its way at once; its answers may pile up as much.
const MAX_OPEN_MESSAGES = 4

/** A call as the process sent it. */
export interface MadeCall {
  readonly seq: number
  readonly name: string
  readonly argument: JsonValue
  readonly text: string
  /** What the program had seen by then: the first so many of these. */
  readonly turns: readonly ProgramTurn[]
  readonly turnCount: number
}

/** An answer as it goes to the process. */
export interface EncodedAnswer {
  readonly isValue: boolean
  readonly text: string
}

/** What becomes of the answers. */
export interface CallListener {
  /** There is something new to give: a call has been made, or an answer has come. */
  changed(): void
  /** The gate ended the run. */
  stop(ending: SandboxEnding): void
}

/**
 * The tool calls of one run, in the order in which it started them. Keeps what a run needs to begin
 * again in another process: the calls and their answers.
 */
export class ToolCalls {
  /** Bytes of JSON, each way. */
  argumentBytes = 0
  answerBytes = 0
  readonly #request: SandboxRequest
  readonly #listener: CallListener
  readonly #tools: ReadonlySet<string>
  /** Whether the run may have to begin again. */
  readonly #isShared: boolean
  readonly #abort = new AbortController()
  /** Name and digest of each call. */
  readonly #calls: { readonly name: string; readonly digest: string }[] = []
  /** Arguments whose calls have no answer yet, in bytes. */
  #openBytes = 0
  readonly #answers = new Map<number, EncodedAnswer>()
  /** Calls whose answers have come and were never given, in the order in which they came. */
  readonly #fresh = new Set<number>()
  readonly #unanswered = new Map<number, string>()
  readonly #waiting: MadeCall[] = []
  #inFlight = 0
  #seen = 0
  #isClosed = false

  constructor(request: SandboxRequest, listener: CallListener) {
    this.#request = request
    this.#listener = listener
    this.#tools = new Set(request.toolNames)
    this.#isShared = request.trustDomain !== undefined
  }

  get count(): number {
    return this.#calls.length
  }

  /** The program starts over: it makes its first call again next. */
  beginAgain(): void {
    this.#seen = 0
  }

  /** Takes a call. The realm refuses names that are not granted: only a subverted process sends one. */
  made(call: MadeCall): 'made' | 'malformed' | 'too-many' | 'too-much' | 'diverged' {
    if (call.seq !== this.#seen || !this.#tools.has(call.name)) return 'malformed'
    if (this.#seen >= this.#request.limits.maxToolCalls) return 'too-many'
    const digest = this.#isShared ? hash('sha256', call.text, 'base64') : ''
    const before = this.#calls[this.#seen++]
    if (before !== undefined) {
      if (before.name !== call.name || before.digest !== digest) return 'diverged'
      this.#listener.changed()
      return 'made'
    }
    this.#calls.push({ name: call.name, digest })
    const bytes = Buffer.byteLength(call.text)
    this.argumentBytes += bytes
    this.#openBytes += bytes
    if (this.#openBytes > MAX_OPEN_MESSAGES * this.#request.limits.maxMessageBytes)
      return 'too-much'
    this.#unanswered.set(call.seq, call.name)
    this.#waiting.push(call)
    this.#start()
    return 'made'
  }

  /** The call whose answer came first of those that were never given; `null` when there is none. */
  get oldestFresh(): number | null {
    const [seq] = this.#fresh
    return seq ?? null
  }

  /** Gives the answer to a call that has been made; `null` while there is none. */
  take(seq: number): EncodedAnswer | null {
    const answer = seq < this.#seen && !this.#isClosed ? this.#answers.get(seq) : undefined
    if (answer === undefined) return null
    this.#fresh.delete(seq)
    // A run that cannot begin again does not need it again.
    if (!this.#isShared) this.#answers.delete(seq)
    return answer
  }

  /**
   * Lets nothing more out. Gives the calls that have no answer.
   *
   * @param abort - Whether their tools are told to stop; the calls of a run that waits may finish.
   */
  close(abort: boolean): readonly AbandonedCall[] {
    if (!this.#isClosed) {
      this.#isClosed = true
      this.#waiting.length = 0
      this.#answers.clear()
      this.#fresh.clear()
      if (abort && this.#unanswered.size > 0) this.#abort.abort()
    }
    return [...this.#unanswered].map(([seq, name]) => ({ seq, name }))
  }

  #start(): void {
    while (this.#inFlight < this.#request.limits.maxToolCallsInFlight && !this.#isClosed) {
      const call = this.#waiting.shift()
      if (call === undefined) return
      this.#inFlight++
      void this.#call(call)
    }
  }

  async #call({ seq, name, argument, turns, turnCount, text }: MadeCall): Promise<void> {
    const failed = { kind: 'error', message: 'The tool failed', code: 'ERR_TOOL_FAILED' } as const
    const { signal } = this.#abort
    let answer: SandboxToolAnswer
    try {
      answer = await this.#request.onToolCall({ seq, name, argument, turns, turnCount, signal })
    } catch {
      answer = failed
    }
    this.#inFlight--
    this.#openBytes -= Buffer.byteLength(text)
    if (this.#isClosed) return
    this.#unanswered.delete(seq)
    if (answer.kind === 'suspend') return this.#listener.stop({ kind: 'suspended' })
    if (answer.kind === 'stop') return this.#listener.stop({ kind: 'stopped' })
    const encoded = encodeAnswer(answer, this.#request.limits.maxMessageBytes)
    this.answerBytes += Buffer.byteLength(encoded.text)
    this.#answers.set(seq, encoded)
    this.#fresh.add(seq)
    this.#listener.changed()
    this.#start()
  }
}

function encodeAnswer(
  answer: Extract<SandboxToolAnswer, { kind: 'value' | 'error' }>,
  maxBytes: number,
): EncodedAnswer {
  if (answer.kind === 'error')
    return failure(answer.message.slice(0, MAX_ERROR_LENGTH), answer.code)
  try {
    const text = JSON.stringify(answer.value ?? null)
    if (Buffer.byteLength(text) <= maxBytes) return { isValue: true, text }
    return failure('The answer of the tool is larger than a message may be', 'ERR_TOOL_FAILED')
  } catch {
    return failure('The answer of the tool is no JSON value', 'ERR_TOOL_FAILED')
  }
}

function failure(message: string, code: string): EncodedAnswer {
  return { isValue: false, text: JSON.stringify({ message, code }) }
}
