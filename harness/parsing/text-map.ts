import type { Program, SourcePosition } from '../program.ts'

/** From `offset` on, the text stands for the place `line`, `column` of the author's text, all from 0. */
interface Segment {
  readonly offset: number
  readonly line: number
  readonly column: number
}

/** Replaces the characters from `start` to `end` (exclusive) by `text`. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A text with the way back from each of its characters to the text its author wrote. */
export class MappedText {
  readonly text: string
  readonly #segments: readonly Segment[]

  private constructor(text: string, segments: readonly Segment[]) {
    this.text = text
    this.#segments = segments
  }

  /** A text in which every line and column is where its author put it. */
  static identity(text: string): MappedText {
    const segments = lineStarts(text).map((offset, line) => ({ offset, line, column: 0 }))
    return new MappedText(text, segments)
  }

  /**
   * A text with a decoded source map.
   *
   * @param mappings - Per line of `text` its segments `[column, line in source, column in source]`, from 0.
   */
  static fromMappings(
    text: string,
    mappings: readonly (readonly (readonly [number, number, number])[])[],
  ): MappedText {
    const starts = lineStarts(text)
    const segments = mappings.flatMap((line, index) =>
      line.map(([column, sourceLine, sourceColumn]) => ({
        offset: (starts[index] ?? text.length) + column,
        line: sourceLine,
        column: sourceColumn,
      })),
    )
    return new MappedText(text, segments)
  }

  /** The author's position of a character, both numbers from 1. */
  at(offset: number): SourcePosition {
    const segment = this.#segments[this.#indexAt(offset)]
    if (segment === undefined) return { line: 1, column: 1 }
    return { line: segment.line + 1, column: segment.column + 1 + offset - segment.offset }
  }

  /** The part from `start` to `end`, which keeps its way back. */
  slice(start: number, end: number): MappedText {
    return new MappedText(this.text.slice(start, end), this.#within(start, end, -start))
  }

  /** The same text, said to stand `count` lines higher in the author's text. */
  moveUp(count: number): MappedText {
    const segments = this.#segments.map((segment) => ({
      ...segment,
      line: Math.max(0, segment.line - count),
    }))
    return new MappedText(this.text, segments)
  }

  /** The text with `splices` applied, which must not overlap. What they insert leads to where it stands. */
  splice(splices: readonly Splice[]): MappedText {
    const ordered = [...splices].sort((a, b) => a.start - b.start || a.end - b.end)
    const segments: Segment[] = []
    let text = ''
    let from = 0
    for (const splice of [
      ...ordered,
      { start: this.text.length, end: this.text.length, text: '' },
    ]) {
      for (const segment of this.#within(from, splice.start, text.length - from)) {
        segments.push(segment)
      }
      text += this.text.slice(from, splice.start) + splice.text
      from = splice.end
    }
    return new MappedText(text, segments)
  }

  /** The table that a `Program` carries. */
  positions(): Program['positions'] {
    const starts = lineStarts(this.text)
    const lines: [number, number, number][][] = starts.map(() => [])
    let line = 0
    for (const segment of this.#segments) {
      while ((starts[line + 1] ?? Number.POSITIVE_INFINITY) <= segment.offset) line += 1
      const column = segment.offset - (starts[line] ?? 0) + 1
      lines[line]?.push([column, segment.line + 1, segment.column + 1])
    }
    return lines
  }

  /** The segments of a range, moved by `shift`; the first one starts with the range. */
  #within(start: number, end: number, shift: number): Segment[] {
    if (start >= end) return []
    const result: Segment[] = []
    const first = this.#indexAt(start)
    for (let index = Math.max(first, 0); index < this.#segments.length; index += 1) {
      const segment = this.#segments[index]
      if (segment === undefined || segment.offset >= end) break
      const skipped = Math.max(0, start - segment.offset)
      result.push({
        offset: segment.offset + skipped + shift,
        line: segment.line,
        column: segment.column + skipped,
      })
    }
    return result
  }

  /** The last segment that starts at or before `offset`; -1 if there is none. */
  #indexAt(offset: number): number {
    let low = 0
    let high = this.#segments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#segments[middle]?.offset ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}

function lineStarts(text: string): number[] {
  // The line terminators of ECMAScript, as parsers count lines.
  const starts = [0]
  for (const match of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) {
    starts.push(match.index + match[0].length)
  }
  return starts
}
