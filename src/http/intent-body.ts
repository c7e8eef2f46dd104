import type { JsonObject, JsonValue, ProgramLanguage } from '../../harness/index.ts'
import { RequestError } from '../errors.ts'
import { isObject, readFields, readText } from './request-body.ts'

const MAX_SESSION_ID_LENGTH = 128
const MAX_REASON_LENGTH = 4_096

/** The body of `POST /agent/<name>`. */
export interface IntentBody {
  readonly intent: string
  readonly sessionId?: string
  readonly params: JsonValue
}

/** The body of `POST /agent/<name>/execute`. */
export interface ExecuteBody {
  readonly code: string
  readonly language: ProgramLanguage
  readonly data: JsonValue
}

/** The body of `POST /approvals/<id>/resolve`. */
export interface DecisionBody {
  readonly approve: boolean
  readonly reason?: string
  /** Only with `approve: true`, and only for tool calls. */
  readonly editedArguments?: JsonValue
  /** The `digest` of what was shown. */
  readonly expectedDigest?: string
}

/**
 * @param maxLength - Longest intent in characters.
 * @throws {RequestError} `ERR_REQUEST_INVALID` or, for a long intent, `ERR_REQUEST_TOO_LARGE`.
 */
export function readIntentBody(body: JsonObject, maxLength: number): IntentBody {
  const { intent, sessionId, params } = readFields(body, ['intent', 'sessionId', 'params'])
  if (params !== undefined && !isObject(params)) {
    throw new RequestError('ERR_REQUEST_INVALID', 'Field "params" must be an object')
  }
  return {
    intent: readText('intent', intent, { maxLength }),
    ...(sessionId === undefined
      ? {}
      : { sessionId: readText('sessionId', sessionId, { maxLength: MAX_SESSION_ID_LENGTH }) }),
    params: params ?? {},
  }
}

/**
 * Reads a program; `language` is `'js'` unless it says otherwise. How long it may be is a limit of
 * the endpoint, and an empty one is for the harness to refuse.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`.
 */
export function readExecuteBody(body: JsonObject): ExecuteBody {
  const { code, language = 'js', data = null } = readFields(body, ['code', 'language', 'data'])
  if (language !== 'js' && language !== 'ts') {
    throw new RequestError('ERR_REQUEST_INVALID', 'Field "language" must be "js" or "ts"')
  }
  const text = readText('code', code, { maxLength: Number.POSITIVE_INFINITY, allowBlank: true })
  return { code: text, language, data }
}

/** @throws {RequestError} `ERR_REQUEST_INVALID`. */
export function readDecisionBody(body: JsonObject): DecisionBody {
  const { approve, reason, editedArguments, expectedDigest } = readFields(body, [
    'approve',
    'reason',
    'editedArguments',
    'expectedDigest',
  ])
  if (typeof approve !== 'boolean') {
    throw new RequestError('ERR_REQUEST_INVALID', 'Field "approve" must be true or false')
  }
  if (editedArguments !== undefined && !approve) {
    throw new RequestError(
      'ERR_REQUEST_INVALID',
      'Field "editedArguments" goes with "approve": true; say what is wrong in "reason"',
    )
  }
  return {
    approve,
    ...(reason === undefined
      ? {}
      : { reason: readText('reason', reason, { maxLength: MAX_REASON_LENGTH, allowBlank: true }) }),
    ...(editedArguments === undefined ? {} : { editedArguments }),
    ...(expectedDigest === undefined
      ? {}
      : { expectedDigest: readText('expectedDigest', expectedDigest, { maxLength: 64 }) }),
  }
}
