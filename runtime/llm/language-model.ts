/** What a model is asked for: to read an intent, to write a program, or to mend one. */
export type ModelPurpose = 'intent' | 'program' | 'repair'

/** One turn of the conversation with the model. */
export interface ModelMessage {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

/** One request to a model. System text and user text are apart; user text is already escaped. */
export interface ModelRequest {
  readonly purpose: ModelPurpose
  readonly system: string
  readonly messages: readonly ModelMessage[]
  /** The intent as the caller wrote it, for models that answer from a script. Never sent on. */
  readonly rawIntent: string
  readonly signal: AbortSignal
}

/** A model's answer. */
export interface ModelReply {
  readonly text: string
  readonly finishReason: 'stop' | 'length' | 'refusal' | 'other'
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number }
}

/** The one thing the runtime needs of a language model. */
export interface LanguageModel {
  readonly name: string
  /** @throws {ModelError} When no answer can be had. */
  generate(request: ModelRequest): Promise<ModelReply>
}
