import { ConfigurationError } from '../../harness/index.ts'
import { ModelError } from '../errors.ts'
import type { AiSdkLanguageModel, AiSdkResult } from './ai-sdk-types.ts'
import type { LanguageModel, ModelReply, ModelRequest } from './language-model.ts'
import { judgeFailure, toModelError } from './provider-failure.ts'
import { retry } from './retry.ts'

/** How a model is called. */
export interface AiSdkModelOptions {
  /** Longest time for one answer in milliseconds, retries included. Default 60 000. */
  readonly timeoutMs?: number
  /** Further attempts after a 429, a 5xx or a network error. Default 2. */
  readonly maxRetries?: number
  /** Longest wait before the first retry in milliseconds; doubles each time. Default 500. */
  readonly backoffMs?: number
  /** Most tokens of one answer. The provider's own default applies when absent. */
  readonly maxOutputTokens?: number
  /** Passed on when given; many newer models refuse it. */
  readonly temperature?: number
}

const MAX_TIMER_MS = 2_147_483_647

/**
 * Makes any language model of the AI SDK usable here: every provider package, every URL that speaks
 * an OpenAI protocol. The model is called directly, without the `ai` package.
 *
 * `generate` rejects with a `ModelError`; when the request's own signal aborts, it rejects with the
 * reason of that signal. The provider's error is kept as `cause` and may hold the response body: log
 * it with care, never show it.
 *
 * @throws {ConfigurationError} When the model is not an object of specification v2, v3 or v4, or an
 * option is out of range.
 *
 * @example
 * ```ts
 * import { createOpenAI } from '@ai-sdk/openai'
 *
 * const model = aiSdkModel(createOpenAI().chat('gpt-5'), { timeoutMs: 30_000 })
 * ```
 */
export function aiSdkModel(
  model: AiSdkLanguageModel,
  options: AiSdkModelOptions = {},
): LanguageModel {
  if (typeof model !== 'object' || model === null || typeof model.doGenerate !== 'function') {
    throw new ConfigurationError(
      "aiSdkModel takes a model object of an AI SDK provider, for example openai('gpt-5')",
    )
  }
  if (!['v2', 'v3', 'v4'].includes(model.specificationVersion)) {
    throw new ConfigurationError('aiSdkModel takes models of AI SDK specification v2, v3 or v4')
  }
  const { timeoutMs = 60_000, maxRetries = 2, backoffMs = 500, ...settings } = options
  requireRange('timeoutMs', timeoutMs, 1, MAX_TIMER_MS)
  requireRange('maxRetries', maxRetries, 0, 10)
  requireRange('backoffMs', backoffMs, 0, 60_000)

  const generate = async (request: ModelRequest): Promise<ModelReply> => {
    request.signal.throwIfAborted()
    const deadline = AbortSignal.timeout(timeoutMs)
    const expiresAt = Date.now() + timeoutMs
    const signal = AbortSignal.any([request.signal, deadline])
    const call = () => raceAbort(model.doGenerate(callOptions(request, settings, signal)), signal)
    const judge = (error: unknown) => judgeFailure(error, expiresAt)
    try {
      const result = await retry(call, { maxRetries, backoffMs, signal, judge })
      return readResult(result)
    } catch (error) {
      if (request.signal.aborted) throw request.signal.reason
      if (deadline.aborted) {
        throw new ModelError('ERR_MODEL_TIMEOUT', `The model gave no answer in ${timeoutMs} ms`, {
          cause: error,
        })
      }
      throw toModelError(error)
    }
  }
  return { name: `${model.provider}/${model.modelId}`, generate }
}

function requireRange(name: string, value: number, min: number, max: number): void {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new ConfigurationError(`aiSdkModel: ${name} must be a whole number, ${min} to ${max}`)
  }
}

function callOptions(
  { system, messages }: ModelRequest,
  settings: Pick<AiSdkModelOptions, 'maxOutputTokens' | 'temperature'>,
  abortSignal: AbortSignal,
): Parameters<AiSdkLanguageModel['doGenerate']>[0] {
  return {
    ...settings,
    prompt: [
      { role: 'system', content: system },
      ...messages.map(({ role, content }) => ({
        role,
        content: [{ type: 'text' as const, text: content }],
      })),
    ],
    abortSignal,
  }
}

// A provider may ignore the signal it is given; the deadline holds all the same.
function raceAbort<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const settle = () => signal.removeEventListener('abort', abort)
    work.then(
      (value) => {
        settle()
        resolve(value)
      },
      (error) => {
        settle()
        reject(error)
      },
    )
  })
}

const FINISH_REASONS: ReadonlyMap<string, ModelReply['finishReason']> = new Map([
  ['stop', 'stop'],
  ['length', 'length'],
  ['content-filter', 'refusal'],
])

function readResult({ content, finishReason, usage }: AiSdkResult): ModelReply {
  const reason = typeof finishReason === 'string' ? finishReason : finishReason.unified
  if (reason === 'error' || reason === 'interrupted') {
    throw new ModelError('ERR_MODEL_RESPONSE', 'The model stopped in the middle of its answer')
  }
  const text = content.map((part) => (part.type === 'text' ? (part.text ?? '') : '')).join('')
  const inputTokens = tokenCount(usage.inputTokens)
  const outputTokens = tokenCount(usage.outputTokens)
  return {
    text,
    finishReason: FINISH_REASONS.get(reason) ?? 'other',
    ...(inputTokens === undefined || outputTokens === undefined
      ? {}
      : { usage: { inputTokens, outputTokens } }),
  }
}

function tokenCount(value: AiSdkResult['usage']['inputTokens']): number | undefined {
  return typeof value === 'object' ? value.total : value
}
