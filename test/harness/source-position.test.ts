import { describe, expect, it } from 'vitest'
import { toSourcePosition } from '../../harness/source-position.ts'
import { readOk } from './analysis/read-for-test.ts'

function placeOf(source: string, needle: string, language: 'js' | 'ts' = 'js') {
  const program = readOk(source, { language })
  const before = program.code.slice(0, program.code.indexOf(needle)).split('\n')
  return toSourcePosition({ ...program, source }, before.length, (before.at(-1) ?? '').length + 1)
}

describe('a place in the text that ran', () => {
  it.each([
    ['the first line', 'return first()', 'first', { line: 1, column: 8 }],
    ['a later line', 'const a = 1\n\n  return later(a)', 'later', { line: 3, column: 10 }],
    [
      'behind something that was taken out',
      'export const a = 1\nexport default () => later(a)',
      'later',
      { line: 2, column: 22 },
    ],
    [
      'behind types',
      'const a: number = 1\nreturn later(a as number)',
      'later',
      { line: 2, column: 8 },
    ],
    ['behind an enum', 'enum E { a }\nreturn later(E.a)', 'later', { line: 2, column: 8 }],
    ['in an expression that is returned', 'const a = 1\nlater(a)', 'later', { line: 2, column: 1 }],
  ])('leads back from %s', (_name, source, needle, place) => {
    expect(
      placeOf(source, needle, source.includes('enum') || source.includes(': number') ? 'ts' : 'js'),
    ).toEqual(place)
  })

  it('leads nowhere from the wrapper', () => {
    const source = 'return 1'
    const program = { ...readOk(source), source }
    expect(toSourcePosition(program, 1, 5)).toBeNull()
    expect(toSourcePosition(program, 3, 1)).toBeNull()
    expect(toSourcePosition({ source, positions: [] }, 1, 1)).toBeNull()
  })
})
