import type { Program, SourcePosition } from '../program.ts'

/**
 * From `offset` on, the text stands for the place `line`, `column` of the author's text, all from 0: on the
 * same line column by column, and from there line by line.
 */
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
  #starts: readonly number[] | null = null

  private constructor(text: string, segments: readonly Segment[]) {
    this.text = text
    this.#segments = segments
  }

  /** A text in which every line and column is where its author put it. */
  static identity(text: string): MappedText {
    return new MappedText(text, [{ offset: 0, line: 0, column: 0 }])
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
    const { line, column } = this.#locate(offset)
    return { line: line + 1, column: column + 1 }
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
    const parts: string[] = []
    let length = 0
    let from = 0
    const keepUntil = (end: number) => {
      for (const segment of this.#within(from, end, length - from)) segments.push(segment)
      parts.push(this.text.slice(from, end))
      length += Math.max(0, end - from)
    }
    for (const { start, end, text } of ordered) {
      keepUntil(start)
      parts.push(text)
      length += text.length
      from = end
    }
    keepUntil(this.text.length)
    return new MappedText(parts.join(''), segments)
  }

  /** The table that a `Program` carries. */
  positions(): Program['positions'] {
    const starts = this.#lineStarts()
    let line = 0
    return this.#segments.flatMap((segment) => {
      while ((starts[line + 1] ?? Number.POSITIVE_INFINITY) <= segment.offset) line += 1
      const column = segment.offset - (starts[line] ?? 0)
      return [line + 1, column + 1, segment.line + 1, segment.column + 1]
    })
  }

  #locate(offset: number): Pick<Segment, 'line' | 'column'> {
    const segment = this.#segments[this.#indexAt(offset)]
    if (segment === undefined) return { line: 0, column: 0 }
    if (segment.offset === offset) return segment
    const starts = this.#lineStarts()
    const line = indexOfLast(starts, offset)
    const linesOn = line - indexOfLast(starts, segment.offset)
    if (linesOn === 0) {
      return { line: segment.line, column: segment.column + offset - segment.offset }
    }
    return { line: segment.line + linesOn, column: offset - (starts[line] ?? 0) }
  }

  /** The segments of a range, moved by `shift`; the first one starts with the range. */
  #within(start: number, end: number, shift: number): Segment[] {
    const first = this.#indexAt(start)
    if (start >= end || (first < 0 && this.#segments.length === 0)) return []
    const result: Segment[] = first < 0 ? [] : [{ ...this.#locate(start), offset: start + shift }]
    for (let index = first + 1; index < this.#segments.length; index += 1) {
      const segment = this.#segments[index]
      if (segment === undefined || segment.offset >= end) break
      result.push({ ...segment, offset: segment.offset + shift })
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

  #lineStarts(): readonly number[] {
    this.#starts ??= lineStarts(this.text)
    return this.#starts
  }
}

/** The last of some ascending numbers that is at most `value`. */
function indexOfLast(ascending: readonly number[], value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] ?? 0) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

function lineStarts(text: string): number[] {
  // The line terminators of ECMAScript, as parsers count lines.
  const starts = [0]
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 13 && code < 0x2028) continue
    if (code === 13 && text.charCodeAt(index + 1) === 10) index += 1
    else if (code !== 10 && code !== 13 && code !== 0x2028 && code !== 0x2029) continue
    starts.push(index + 1)
  }
  return starts
}
