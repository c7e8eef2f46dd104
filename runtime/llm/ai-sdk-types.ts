/**
 * The part of a language model of the AI SDK that is used here, stated by its shape so that nobody
 * needs the SDK's packages to type-check. `LanguageModelV2`, `V3` and `V4` of `@ai-sdk/provider` fit.
 */
export interface AiSdkLanguageModel {
  /** `'v2'`, `'v3'` or `'v4'`. */
  readonly specificationVersion: string
  readonly provider: string
  readonly modelId: string
  doGenerate(options: AiSdkCallOptions): PromiseLike<AiSdkResult>
}

/** What a model of the AI SDK is called with. */
export interface AiSdkCallOptions {
  prompt: (
    | { role: 'system'; content: string }
    | { role: 'user' | 'assistant'; content: { type: 'text'; text: string }[] }
  )[]
  maxOutputTokens?: number
  temperature?: number
  abortSignal?: AbortSignal
}

/** What a model of the AI SDK answers; v3 turned the finish reason and the counts into objects. */
export interface AiSdkResult {
  readonly content: readonly { readonly type: string; readonly text?: string }[]
  readonly finishReason: string | { readonly unified: string }
  readonly usage: {
    readonly inputTokens: number | { readonly total: number | undefined } | undefined
    readonly outputTokens: number | { readonly total: number | undefined } | undefined
  }
}
