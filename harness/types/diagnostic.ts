import type { JsonValue } from '../json-value.ts'

/** What TypeScript says of one place. Positions are offsets in UTF-16 code units of the checked file. */
export interface Diagnostic {
  readonly start: number
  readonly end: number
  /** TypeScript's number of the message, for example 2345. */
  readonly code: number
  readonly text: string
  /** Why, each line more precise than the one before. */
  readonly reasons: readonly CodedText[]
  /** Remarks beside it, such as the one that asks for an `await`. */
  readonly remarks: readonly CodedText[]
}

/** A text of the compiler with its number. */
export interface CodedText {
  readonly code: number
  readonly text: string
}

/** How many are looked at; a text with more is none that a model can be helped with. */
const MAX_DIAGNOSTICS = 1_000
const MAX_DEPTH = 16
// A name in the program can make a message as long as itself; nobody could act on it.
const MAX_TEXT = 2_000

/**
 * Reads the compiler's answer.
 *
 * @returns `null` when the answer does not have the shape that is relied on.
 */
export function readDiagnostics(answer: JsonValue): readonly Diagnostic[] | null {
  if (answer === null) return []
  if (!Array.isArray(answer)) return null
  const diagnostics = answer.slice(0, MAX_DIAGNOSTICS).map(readOne)
  return diagnostics.every((diagnostic) => diagnostic !== null) ? diagnostics : null
}

function readOne(value: JsonValue): Diagnostic | null {
  if (!isObject(value)) return null
  const { pos, end, code, text, relatedInformation } = value
  if (!Number.isSafeInteger(pos) || !Number.isSafeInteger(end)) return null
  if (!Number.isSafeInteger(code) || typeof text !== 'string') return null
  const remarks = Array.isArray(relatedInformation) ? relatedInformation : []
  return {
    start: Number(pos),
    end: Number(end),
    code: Number(code),
    text: text.slice(0, MAX_TEXT),
    reasons: reasonsOf(value, 0),
    remarks: remarks.flatMap((remark) => codedText(remark) ?? []),
  }
}

/** A chain branches where a union has several members; all branches are flattened into one list. */
function reasonsOf(
  value: { readonly [key: string]: JsonValue },
  depth: number,
): readonly CodedText[] {
  const chain = value['messageChain']
  if (!Array.isArray(chain) || depth > MAX_DEPTH) return []
  return chain.flatMap((link) => {
    const reason = codedText(link)
    if (reason === null || !isObject(link)) return []
    return [reason, ...reasonsOf(link, depth + 1)]
  })
}

function codedText(value: JsonValue): CodedText | null {
  if (!isObject(value) || typeof value['text'] !== 'string') return null
  return { code: Number(value['code']), text: value['text'].slice(0, MAX_TEXT) }
}

function isObject(value: JsonValue): value is { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
