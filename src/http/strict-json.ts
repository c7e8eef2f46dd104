import type { JsonValue } from '../../harness/index.ts'

/** JSON of a stranger, or what is wrong with it in words that echo nothing of it. */
export type JsonReading =
  | { readonly ok: true; readonly value: JsonValue }
  | { readonly ok: false; readonly problem: string }

/** How deep arrays and objects may nest. */
export const MAX_JSON_DEPTH = 64

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * Reads JSON that can be understood in one way only: UTF-8 without byte order mark, no key twice in
 * one object, at most {@link MAX_JSON_DEPTH} levels, and none of the keys that reach a prototype when
 * somebody later merges objects carelessly. Takes time linear in the length.
 */
export function readStrictJson(bytes: Uint8Array): JsonReading {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { ok: false, problem: 'is not UTF-8' }
  }
  try {
    // Parsed first: the scan may then rely on the text being JSON. The parser of V8 is iterative.
    const value: JsonValue = JSON.parse(text)
    const problem = findProblem(text)
    return problem === null ? { ok: true, value } : { ok: false, problem }
  } catch {
    // The parser's message quotes the text.
    return { ok: false, problem: 'is not valid JSON' }
  }
}

/** Looks for what `JSON.parse` lets pass, in a text that is valid JSON. */
function findProblem(text: string): string | null {
  // One entry per open bracket: the keys seen so far, or null inside an array.
  const open: (Set<string> | null)[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : null)
      if (open.length > MAX_JSON_DEPTH) return `nests deeper than ${MAX_JSON_DEPTH} levels`
    } else if (char === '}' || char === ']') {
      open.pop()
    } else if (char === '"') {
      const end = endOfString(text, at)
      const keys = open.at(-1)
      if (keys && isFollowedByColon(text, end)) {
        const key: string = JSON.parse(text.slice(at, end))
        if (FORBIDDEN_KEYS.has(key))
          return 'has a key that is not allowed: __proto__, constructor or prototype'
        if (keys.has(key)) return 'has the same key twice in one object'
        keys.add(key)
      }
      at = end - 1
    }
  }
  return null
}

/** The index after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '"') return at + 1
  }
}

function isFollowedByColon(text: string, index: number): boolean {
  let at = index
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return text[at] === ':'
}
