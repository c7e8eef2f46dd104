import type { Program, SourcePosition } from './program.ts'

/**
 * Leads a place in the text that ran back to the text its author wrote.
 *
 * @returns `null` for places that have no counterpart, such as the wrapper around the program.
 */
export function toSourcePosition(
  program: Pick<Program, 'positions' | 'source'>,
  line: number,
  column: number,
): SourcePosition | null {
  const { positions } = program
  let found = -1
  for (let entry = 0; entry < positions.length; entry += 4) {
    const [codeLine = 0, codeColumn = 0] = positions.slice(entry, entry + 2)
    if (codeLine > line || (codeLine === line && codeColumn > column)) break
    found = entry
  }
  if (found < 0) return null
  const [codeLine = 0, codeColumn = 0, sourceLine = 0, sourceColumn = 0] = positions.slice(
    found,
    found + 4,
  )
  if (codeLine === line) {
    return { line: sourceLine, column: sourceColumn + column - codeColumn }
  }
  const place = { line: sourceLine + line - codeLine, column }
  return place.line <= lineCountOf(program.source) ? place : null
}

function lineCountOf(source: string): number {
  return source.split(/\r\n|[\n\r\u2028\u2029]/).length
}
