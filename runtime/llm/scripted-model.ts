import { ModelError } from '../errors.ts'
import type { LanguageModel, ModelReply, ModelRequest } from './language-model.ts'

/** What a script may answer: the text of a reply, or a whole one. */
export type ScriptedReply = string | ModelReply

/**
 * A model that answers from a script: a list of replies, given out in order, or a function of the
 * request. For tests, demos and recorded conversations.
 *
 * @example
 * ```ts
 * const model = new ScriptedModel(['```ts\nreturn 1 + 1\n```'])
 * ```
 */
export class ScriptedModel implements LanguageModel {
  readonly name = 'scripted'
  readonly #reply: (request: ModelRequest) => ScriptedReply | Promise<ScriptedReply>

  constructor(
    script:
      | readonly ScriptedReply[]
      | ((request: ModelRequest) => ScriptedReply | Promise<ScriptedReply>),
  ) {
    this.#reply = typeof script === 'function' ? script : inOrder(script)
  }

  /** @throws {ModelError} `ERR_MODEL_UNAVAILABLE` when the list has no reply left. */
  async generate(request: ModelRequest): Promise<ModelReply> {
    request.signal.throwIfAborted()
    const reply = await this.#reply(request)
    return typeof reply === 'string' ? { text: reply, finishReason: 'stop' } : reply
  }
}

function inOrder(replies: readonly ScriptedReply[]): () => ScriptedReply {
  const rest = replies.values()
  return () => {
    const { value, done } = rest.next()
    if (done) {
      throw new ModelError(
        'ERR_MODEL_UNAVAILABLE',
        `The scripted model has no reply left after ${replies.length}`,
      )
    }
    return value
  }
}
