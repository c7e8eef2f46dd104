import type { Program, SourcePosition } from './program.ts'

/**
 * Leads a place in the text that ran back to the text its author wrote.
 *
 * @returns `null` for places that have no counterpart, such as the wrapper around the program.
 */
export function toSourcePosition(
  program: Pick<Program, 'positions'>,
  line: number,
  column: number,
): SourcePosition | null {
  const segments = program.positions[line - 1]
  if (segments === undefined) return null
  let found: readonly [number, number, number] | undefined
  for (const segment of segments) {
    if (segment[0] > column) break
    found = segment
  }
  found ??= segments[0]
  if (found === undefined) return null
  const [codeColumn, sourceLine, sourceColumn] = found
  return { line: sourceLine, column: sourceColumn + Math.max(0, column - codeColumn) }
}
