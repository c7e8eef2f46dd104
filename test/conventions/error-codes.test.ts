import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../harness/index.ts'
import { PROBLEMS } from '../../src/http/problem.ts'

const text = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')

const documented = text
  .split('\n')
  .filter((line) => line.startsWith('| `ERR_'))
  .map((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    const [, code = '', classes = '', status = '', when = '', next = ''] = cells
    return { code: code.replaceAll('`', ''), classes, status, when, next, cells: cells.length }
  })

const root = new URL('../../', import.meta.url)

/** The text of every error class, by name. */
const classTexts = new Map(
  globSync('{src,runtime,harness}/**/*.ts', { cwd: root })
    .flatMap((path) => readFileSync(new URL(path, root), 'utf8').split(/^export /m))
    .flatMap((declaration) => {
      const name = /^class (\w+) extends AgenticError\b/.exec(declaration)?.[1]
      return name === undefined ? [] : [[name, declaration] as const]
    }),
)

describe('error codes', () => {
  it('are all documented, and nothing else is, in the same order', () => {
    expect(documented.map(({ code }) => code)).toEqual([...ERROR_CODES])
  })

  it('appear once each', () => {
    expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length)
  })

  it('all have a status but ERR_CONFIGURATION, and no status is for a code that is not there', () => {
    const answered = ERROR_CODES.filter((code) => code !== 'ERR_CONFIGURATION')
    expect(Object.keys(PROBLEMS).sort()).toEqual([...answered].sort())
  })

  for (const { code, classes, status, when, next, cells } of documented) {
    it(`documents ${code} with the status it is answered with, a class, when and what next`, () => {
      const answered = new Map<string, { status: number }>(Object.entries(PROBLEMS)).get(code)
      expect(status).toBe(answered === undefined ? 'none' : String(answered.status))
      for (const name of classes.split(', ').map((cell) => cell.replaceAll('`', ''))) {
        if (name !== 'AgenticError') expect(classTexts.get(name)).toContain(`'${code}'`)
      }
      expect(when).toMatch(/\.$/)
      expect(next).toMatch(/\.$/)
      expect(cells).toBe(7)
    })
  }

  it('that a class can carry are documented with that class', () => {
    for (const [name, text] of classTexts) {
      const carried = documented.filter(({ code }) => text.includes(`'${code}'`))
      expect(carried.filter(({ classes }) => !classes.includes(`\`${name}\``))).toEqual([])
    }
  })

  it('are the only codes that the document names', () => {
    const named = text.match(/ERR_[A-Z_]+/g) ?? []
    expect(named.filter((code) => !ERROR_CODES.some((known) => known === code))).toEqual([])
  })
})
