import type { JsonObject, JsonValue } from '../../harness/index.ts'
import { RequestError } from '../errors.ts'
import { readBoundedBody } from './bounded-body.ts'
import { readStrictJson } from './strict-json.ts'

/**
 * Judges a body by its headers, before anybody is authenticated and before a byte of it is read.
 *
 * @throws {RequestError} `ERR_REQUEST_MEDIA_TYPE` if it is not JSON in UTF-8 as it is, and
 * `ERR_REQUEST_TOO_LARGE` if it says itself that it is too long.
 */
export function checkBodyHeaders(request: Request, maxBytes: number): void {
  const mediaType = request.headers.get('content-type') ?? ''
  if (!/^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(mediaType)) {
    throw new RequestError('ERR_REQUEST_MEDIA_TYPE', 'Send the body as application/json in UTF-8')
  }
  const encoding = request.headers.get('content-encoding') ?? 'identity'
  if (encoding.toLowerCase() !== 'identity') {
    throw new RequestError('ERR_REQUEST_MEDIA_TYPE', 'Send the body without Content-Encoding')
  }
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
}

/**
 * Reads a body that is one JSON object.
 *
 * @throws {RequestError} `ERR_REQUEST_TOO_LARGE` as soon as more than `maxBytes` have come in,
 * `ERR_REQUEST_INVALID` if it is not JSON in one reading, or not an object.
 */
export async function readJsonObject(request: Request, maxBytes: number): Promise<JsonObject> {
  let bytes: Uint8Array | null
  try {
    bytes = await readBoundedBody(request.body, maxBytes)
  } catch (cause) {
    throw new RequestError('ERR_REQUEST_INVALID', 'The body ended before it was complete', {
      cause,
    })
  }
  if (bytes === null) throw tooLarge(maxBytes)
  const reading = readStrictJson(bytes)
  if (!reading.ok) throw new RequestError('ERR_REQUEST_INVALID', `The body ${reading.problem}`)
  if (!isObject(reading.value)) {
    throw new RequestError('ERR_REQUEST_INVALID', 'The body must be one JSON object')
  }
  return reading.value
}

/**
 * The fields of an object, none but the known ones.
 *
 * @throws {RequestError} `ERR_REQUEST_INVALID`, naming a field that is not known if its name can be
 * a name of ours.
 */
export function readFields<Name extends string>(
  body: JsonObject,
  known: readonly Name[],
): { readonly [name in Name]?: JsonValue } {
  const unknownName = Object.keys(body).find((name) => !known.some((one) => one === name))
  if (unknownName === undefined) return body as { readonly [name in Name]?: JsonValue }
  // Text of the caller is echoed only as far as it is a plain word.
  const named = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(unknownName) ? ` "${unknownName}"` : ''
  throw new RequestError(
    'ERR_REQUEST_INVALID',
    `The body has an unknown field${named}; known are ${known.join(', ')}`,
  )
}

/** Bounds for one text field. */
export interface TextBounds {
  /** Most UTF-16 code units. */
  readonly maxLength: number
  /** Whether nothing but white space will do. Default false. */
  readonly allowBlank?: boolean
}

/** @throws {RequestError} `ERR_REQUEST_INVALID`, naming the field. */
export function readText(name: string, value: JsonValue | undefined, bounds: TextBounds): string {
  if (typeof value !== 'string') {
    throw new RequestError('ERR_REQUEST_INVALID', `Field "${name}" must be a string`)
  }
  if (!value.isWellFormed()) {
    throw new RequestError('ERR_REQUEST_INVALID', `Field "${name}" must be well-formed Unicode`)
  }
  if (!bounds.allowBlank && value.trim() === '') {
    throw new RequestError('ERR_REQUEST_INVALID', `Field "${name}" must not be empty`)
  }
  if (value.length > bounds.maxLength) {
    throw new RequestError(
      'ERR_REQUEST_TOO_LARGE',
      `Field "${name}" must not be longer than ${bounds.maxLength} characters`,
    )
  }
  return value
}

/** Whether a JSON value is an object. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError(
    'ERR_REQUEST_TOO_LARGE',
    `The body must not be larger than ${maxBytes} bytes`,
  )
}
