import { Buffer } from 'node:buffer'
import type { Finding } from '../verdict.ts'
import type { ReadFailureCode } from './program-message.ts'
import { TEXT_RULES } from './text-rules.ts'

/** Brackets that may be open at once. Programs of people and models stay below 30. */
const MAX_NESTING = 500

/**
 * The checks that need no parser: one pass over the text, safe in the host.
 *
 * @returns The first thing that is wrong, or `null`.
 */
export function checkSource(
  source: string,
  maxProgramBytes: number,
): { readonly code: ReadFailureCode; readonly finding: Finding } | null {
  const refuse = (
    code: ReadFailureCode,
    finding: Pick<Finding, 'ruleId' | 'message' | 'hint' | 'line' | 'column'>,
  ) => ({ code, finding: { source: 'analysis', severity: 'violation', ...finding } as const })

  const bytes = Buffer.byteLength(source)
  if (bytes > maxProgramBytes) {
    return refuse('ERR_SANDBOX_LIMIT', {
      ruleId: 'program-size',
      message: `The program has ${bytes} bytes and may have ${maxProgramBytes}`,
      hint: TEXT_RULES['program-size'].hint,
    })
  }
  if (source.trim() === '') {
    return refuse('ERR_PROGRAM_SYNTAX', {
      ruleId: 'empty-program',
      message: TEXT_RULES['empty-program'].message,
      hint: TEXT_RULES['empty-program'].hint,
    })
  }
  const nul = source.indexOf('\0')
  if (nul !== -1) {
    return refuse('ERR_PROGRAM_SYNTAX', {
      ruleId: 'no-invisible-characters',
      message: 'The program contains the character U+0000',
      hint: 'Write it as \\0 inside a string',
      ...positionOf(source, nul),
    })
  }
  const deepest = findDeepNesting(source)
  if (deepest !== null) {
    return refuse('ERR_SANDBOX_LIMIT', {
      ruleId: 'program-nesting',
      message: `The program nests more than ${MAX_NESTING} brackets`,
      hint: TEXT_RULES['program-nesting'].hint,
      ...positionOf(source, deepest),
    })
  }
  return null
}

const LINE_FEED = 10
const DOUBLE_QUOTE = 34
const QUOTE = 39
const STAR = 42
const SLASH = 47
const BACKSLASH = 92

/**
 * Where too many brackets are open. Skips quoted strings and comments, and may be wrong where a regular
 * expression contains a quote: the parser's own limit holds behind it. Works on codes, because it runs in
 * the host, over a text that may be as long as the limit allows.
 */
function findDeepNesting(source: string): number | null {
  let depth = 0
  for (let index = 0; index < source.length; index += 1) {
    switch (source.charCodeAt(index)) {
      case 40: // (
      case 91: // [
      case 123: // {
        depth += 1
        if (depth > MAX_NESTING) return index
        break
      case 41:
      case 93:
      case 125:
        if (depth > 0) depth -= 1
        break
      case DOUBLE_QUOTE:
      case QUOTE:
        index = endOfString(source, index)
        break
      case SLASH: {
        const next = source.charCodeAt(index + 1)
        if (next === SLASH) index = endOfLine(source, index)
        else if (next === STAR) {
          const end = source.indexOf('*/', index + 2)
          if (end === -1) return null
          index = end + 1
        }
      }
    }
  }
  return null
}

function endOfString(source: string, start: number): number {
  const quote = source.charCodeAt(start)
  for (let index = start + 1; index < source.length; index += 1) {
    const code = source.charCodeAt(index)
    if (code === BACKSLASH) index += 1
    else if (code === quote || code === LINE_FEED) return index
  }
  return source.length
}

function endOfLine(source: string, start: number): number {
  const end = source.indexOf('\n', start)
  return end === -1 ? source.length : end
}

function positionOf(source: string, offset: number): { line: number; column: number } {
  const before = source.slice(0, offset)
  const lastBreak = before.lastIndexOf('\n')
  return { line: before.split('\n').length, column: offset - lastBreak }
}
