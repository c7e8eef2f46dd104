import type { JsonValue } from '../json-value.ts'

/** One call as it travels to the child, and the answer on its way back. */
export interface CallFrame {
  readonly id: number
  readonly message: JsonValue
}

/** The child's answer; `failed` means the handler threw. */
export type AnswerFrame =
  | { readonly id: number; readonly answer: JsonValue }
  | { readonly id: number; readonly failed: true }

/**
 * Answers the calls of a `KillableProcess`, one after the other. To be called once, by the module that
 * the child runs.
 *
 * @param handler - Turns a message into an answer. What it throws stays in the child: hostile text can
 * choose the wording of a parser's error, so the host learns only that the call failed.
 */
export function serveCalls(handler: (message: JsonValue) => Promise<JsonValue> | JsonValue): void {
  process.on('message', (frame: CallFrame) => {
    void answer(handler, frame)
  })
  // A host that is gone leaves nobody to answer.
  process.on('disconnect', () => process.exit(0))
  process.send?.({ id: -1, answer: null } satisfies AnswerFrame)
}

async function answer(
  handler: (message: JsonValue) => Promise<JsonValue> | JsonValue,
  frame: CallFrame,
): Promise<void> {
  let reply: AnswerFrame
  try {
    reply = { id: frame.id, answer: await handler(frame.message) }
  } catch {
    reply = { id: frame.id, failed: true }
  }
  process.send?.(reply)
}
