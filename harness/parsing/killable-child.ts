import type { JsonValue } from '../json-value.ts'

/** One call as it travels to the child, and the answer on its way back. */
export interface CallFrame {
  readonly id: number
  readonly message: JsonValue
}

/** The child's answer; `failed` means the handler threw. */
export type AnswerFrame = {
  readonly id: number
  /** Processor time that the child's main thread has used so far, in milliseconds. */
  readonly cpuMs: number
} & ({ readonly answer: JsonValue; readonly isLast?: true } | { readonly failed: true })

/** An answer after which the host replaces the child, because it cannot be relied on any more. */
export class LastAnswer {
  readonly answer: JsonValue

  constructor(answer: JsonValue) {
    this.answer = answer
  }
}

type Handler = (message: JsonValue) => Promise<JsonValue | LastAnswer> | JsonValue | LastAnswer

/**
 * Answers the calls of a `KillableProcess`, one after the other. To be called once, by the module that
 * the child runs.
 *
 * @param handler - Turns a message into an answer. What it throws stays in the child: hostile text can
 * choose the wording of a parser's error, so the host learns only that the call failed.
 */
export function serveCalls(handler: Handler): void {
  process.on('message', (frame: CallFrame) => {
    void answer(handler, frame)
  })
  // A host that is gone leaves nobody to answer.
  process.on('disconnect', () => process.exit(0))
  process.send?.({ id: -1, cpuMs: cpuTimeMs(), answer: null } satisfies AnswerFrame)
}

async function answer(handler: Handler, { id, message }: CallFrame): Promise<void> {
  let answer: JsonValue | LastAnswer
  try {
    answer = await handler(message)
  } catch {
    process.send?.({ id, cpuMs: cpuTimeMs(), failed: true } satisfies AnswerFrame)
    return
  }
  const frame = { id, cpuMs: cpuTimeMs() }
  const reply: AnswerFrame =
    answer instanceof LastAnswer
      ? { ...frame, answer: answer.answer, isLast: true }
      : { ...frame, answer }
  process.send?.(reply)
}

/** Of this thread alone: the engine compiles and collects garbage in others. */
function cpuTimeMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
