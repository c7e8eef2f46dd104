import { AgenticError } from '../harness/index.ts'

/** No usable answer could be had from the language model. Nothing was run. */
export class ModelError extends AgenticError {
  constructor(
    code: 'ERR_MODEL_RESPONSE' | 'ERR_MODEL_UNAVAILABLE' | 'ERR_MODEL_TIMEOUT',
    message: string,
    options?: ErrorOptions,
  ) {
    super(code, message, options)
  }
}

/** The intent asks for something this endpoint is not there for. Nothing was run. */
export class IntentError extends AgenticError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_INTENT_OUT_OF_SCOPE', message, options)
  }
}

/** There is no such session for this caller; somebody else's session looks the same. */
export class SessionError extends AgenticError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SESSION_NOT_FOUND', message, options)
  }
}
