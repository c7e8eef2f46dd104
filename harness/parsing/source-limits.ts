import { Buffer } from 'node:buffer'
import type { Finding } from '../verdict.ts'
import type { ReadFailureCode } from './program-message.ts'

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
      hint: 'Pass large values as `data` or fetch them with a tool instead of writing them out',
    })
  }
  if (source.trim() === '') {
    return refuse('ERR_PROGRAM_SYNTAX', {
      ruleId: 'empty-program',
      message: 'The program is empty',
      hint: 'Write the body of an async function that returns the answer',
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
      hint: 'Give the inner parts names, or pass nested values as `data`',
      ...positionOf(source, deepest),
    })
  }
  return null
}

const OPEN = new Set(['(', '[', '{'])
const CLOSE = new Set([')', ']', '}'])

/**
 * Where too many brackets are open. Skips quoted strings and comments, and may be wrong where a regular
 * expression contains a quote: the parser's own limit holds behind it.
 */
function findDeepNesting(source: string): number | null {
  let depth = 0
  for (let index = 0; index < source.length; index += 1) {
    const character = source.charAt(index)
    if (OPEN.has(character)) {
      depth += 1
      if (depth > MAX_NESTING) return index
    } else if (CLOSE.has(character)) {
      depth = Math.max(0, depth - 1)
    } else if (character === '"' || character === "'") {
      index = endOfString(source, index)
    } else if (character === '/' && source.charAt(index + 1) === '/') {
      index = endOfLine(source, index)
    } else if (character === '/' && source.charAt(index + 1) === '*') {
      const end = source.indexOf('*/', index + 2)
      if (end === -1) return null
      index = end + 1
    }
  }
  return null
}

function endOfString(source: string, start: number): number {
  const quote = source.charAt(start)
  for (let index = start + 1; index < source.length; index += 1) {
    const character = source.charAt(index)
    if (character === '\\') index += 1
    else if (character === quote || character === '\n') return index
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
