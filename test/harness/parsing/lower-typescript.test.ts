import { describe, expect, it } from 'vitest'
import { toSourcePosition } from '../../../harness/source-position.ts'
import { read, readOk } from '../analysis/read-for-test.ts'

const ts = { language: 'ts' } as const

/** Where the text of `code` that starts with `needle` stands in the source, by the table. */
function placeOf(source: string, needle: string) {
  const program = readOk(source, ts)
  const offset = program.code.indexOf(needle)
  const before = program.code.slice(0, offset).split('\n')
  return toSourcePosition({ ...program, source }, before.length, (before.at(-1) ?? '').length + 1)
}

function placeIn(source: string, needle: string) {
  const before = source.slice(0, source.indexOf(needle)).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

const programs = {
  'plain types': 'const a: number = 1\nconst b: string[] = []\nreturn marker(a, b)',
  'types with letters outside ASCII':
    'type Größe = "größer 🙂"\nconst a: Größe | "é" = 1; return marker(a)',
  generics:
    'function f<T extends { id: number }>(x: T): T { return x }\n  return marker(f<any>(1))',
  enum: 'enum Level { Low = 1, High }\nconst x = Level.Low\n  return marker(x)',
  'parameter properties':
    'class A {\n  constructor(public readonly id: number) {}\n}\nreturn marker(A)',
  'angle brackets': 'const x = <any>1\n\nreturn marker(x)',
  'a namespace': 'namespace N { export const v = 1 }\nreturn marker(N.v)',
  'Windows line ends': 'const a: number = 1\r\nenum B { x }\r\nreturn marker(a, B)',
  'a type import beside a return': 'import type { A } from "a"\nconst a: A = 1\nreturn marker(a)',
  'an export': 'export default async (data: any) => {\n  return marker(data)\n}',
  'an enum and an export':
    'enum B { x }\nexport default async (data: any) => {\n  return marker(data)\n}',
}

describe('lowering', () => {
  it.each(Object.entries(programs))('keeps the way back for %s', (_name, source) => {
    expect(placeOf(source, 'marker(')).toEqual(placeIn(source, 'marker('))
  })

  it('reports findings at the place in the TypeScript text', () => {
    const source = 'enum Level { Low = 1 }\nconst x: Level = Level.Low\nreturn process.env[x]'
    expect(readOk(source, ts).findings).toMatchObject([
      { ruleId: 'no-unknown-global', line: 3, column: 8 },
    ])
  })

  it('takes declarations that fake a binding for what they are: nothing', () => {
    const source = 'declare const process: any\nreturn process.env'
    expect(readOk(source, ts).findings).toMatchObject([{ ruleId: 'no-unknown-global', line: 2 }])
  })

  it.each([
    ['an open bracket', 'const a = [1, 2\nreturn a', 2],
    ['a missing parenthesis', 'const a: number[] = data\nreturn a.map((x) => x;', 2],
    ['a decorator', 'const a = 1\n@a class B {}\nreturn B', 2],
    ['JSX', 'return <div>{data}</div>', 1],
  ])('names the line of %s', (_name, source, line) => {
    expect(read(source, ts)).toMatchObject({
      ok: false,
      code: 'ERR_PROGRAM_SYNTAX',
      findings: [{ ruleId: 'syntax', line, message: expect.stringContaining(`line ${line}`) }],
    })
  })
})
