import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MappedText } from '../../../harness/parsing/text-map.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '\r\n', 'é', '\u2028') })

describe('MappedText', () => {
  it('leads every kept character back to its place after splices', () => {
    fc.assert(
      fc.property(
        text,
        fc.array(fc.tuple(fc.nat(60), fc.nat(8), text), { maxLength: 5 }),
        (source, edits) => {
          const original = MappedText.identity(source)
          let from = 0
          const splices = edits
            .map(([start, length, inserted]) => ({ start, end: start + length, text: inserted }))
            .sort((a, b) => a.start - b.start)
            .filter(({ start, end }) => {
              if (start < from || end > source.length) return false
              from = end + 1
              return true
            })
          const result = original.splice(splices)
          let offset = 0
          let kept = 0
          for (const splice of [
            ...splices,
            { start: source.length, end: source.length, text: '' },
          ]) {
            for (; kept < splice.start; kept += 1, offset += 1) {
              expect(result.text[offset]).toBe(source[kept])
              expect(result.at(offset)).toEqual(original.at(kept))
            }
            offset += splice.text.length
            kept = splice.end
          }
          expect(result.text).toHaveLength(offset)
        },
      ),
    )
  })

  it('counts lines by every line terminator of the language', () => {
    const mapped = MappedText.identity('a\r\nb\nc\u2028d')
    expect(mapped.at(7)).toEqual({ line: 4, column: 1 })
  })
})
