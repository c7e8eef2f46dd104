import type { ProgramLanguage, Tool } from '../harness/index.ts'
import { extractCode } from './code/extract-code.ts'
import { ModelError } from './errors.ts'
import type { Intent } from './intent/intent.ts'
import { type ParseIntentOptions, parseIntent } from './intent/parse-intent.ts'
import type { LanguageModel, ModelReply } from './llm/language-model.ts'
import {
  codeGenerationPrompt,
  type ProgramFeedback,
  type PromptEndpoint,
} from './prompts/code-generation.ts'
import type { SessionTurn } from './sessions/session.ts'

/** What a program is to be written for. */
export interface WriteRequest {
  readonly intent: Intent
  readonly endpoint: PromptEndpoint
  /** The tools granted to the endpoint: the model is told of no others. */
  readonly tools: readonly Tool[]
  /** Earlier turns of the same session, oldest first. */
  readonly session?: readonly SessionTurn[]
  /** Earlier attempts at the same intent, oldest first: the model is asked to mend them. */
  readonly feedback?: readonly ProgramFeedback[]
  readonly signal: AbortSignal
}

/** A program as the model wrote it: nobody has checked it yet. */
export interface WrittenProgram {
  readonly source: string
  readonly language: ProgramLanguage
  /** Tokens, where the model counts them. */
  readonly usage?: ModelReply['usage']
  readonly modelName: string
}

// Far above any program that the gates let through; bounds what is searched for code and kept.
const MAX_REPLY_LENGTH = 2_097_152

/**
 * Turns an intent into program text: prompt, model, answer. It runs nothing and trusts nothing; the
 * harness judges what comes out.
 *
 * @example
 * ```ts
 * const runtime = new AgentRuntime({ model })
 * const intent = await runtime.parseIntent({ raw: 'Revenue by month?', params: null }, { signal })
 * const { source } = await runtime.write({ intent, endpoint, tools, signal })
 * ```
 */
export class AgentRuntime {
  readonly #model: LanguageModel

  constructor({ model }: { readonly model: LanguageModel }) {
    this.#model = model
  }

  /**
   * Finds out what an intent would do and what it is about; asks the model only where it matters.
   *
   * @throws {IntentError} When the intent is out of the endpoint's scope.
   * @throws {ModelError} When the model gives no answer.
   */
  parseIntent(
    request: Pick<Intent, 'raw' | 'params'>,
    options: ParseIntentOptions,
  ): Promise<Intent> {
    return parseIntent(this.#model, request, options)
  }

  /**
   * Asks the model for a program.
   *
   * @throws {ModelError} `ERR_MODEL_RESPONSE` for a refusal, an answer without code, an empty one or
   * one that was cut off, each with a message of its own; `_UNAVAILABLE` or `_TIMEOUT` when there is
   * no answer.
   */
  async write(request: WriteRequest): Promise<WrittenProgram> {
    const { intent, signal, feedback = [], ...parts } = request
    const prompt = codeGenerationPrompt({
      ...parts,
      feedback,
      intent: intent.raw,
      params: intent.params,
    })
    const reply = await this.#model.generate({
      ...prompt,
      purpose: feedback.length > 0 ? 'repair' : 'program',
      rawIntent: intent.raw,
      signal,
    })
    return {
      ...readProgram(reply),
      ...(reply.usage === undefined ? {} : { usage: reply.usage }),
      modelName: this.#model.name,
    }
  }
}

function readProgram(reply: ModelReply): Pick<WrittenProgram, 'source' | 'language'> {
  if (reply.finishReason === 'refusal') throw badReply('The model refused to write a program')
  // The beginning of a program may well be a program, and do something else.
  if (reply.finishReason === 'length') throw badReply("The model's answer was cut off")
  if (reply.text.length > MAX_REPLY_LENGTH) throw badReply("The model's answer is too long")
  const code = extractCode(reply.text)
  switch (code.kind) {
    case 'program':
      return { source: code.source, language: code.language }
    case 'refusal':
      throw badReply('The model refused to write a program')
    case 'empty':
      throw badReply('The model answered with an empty program')
    case 'no-code':
      throw badReply('The model answered without a program')
  }
}

function badReply(message: string): ModelError {
  return new ModelError('ERR_MODEL_RESPONSE', message)
}
