import { describe, expect, it } from 'vitest'
import { isUntouched, programHash } from '../../harness/program-hash.ts'
import { readOk } from './analysis/read-for-test.ts'

describe('the hash of a program', () => {
  const { code } = readOk('return data.length')
  const program = { code, hash: programHash(code) }

  it('belongs to the text that runs', () => {
    expect(isUntouched(program)).toBe(true)
    expect(program.hash).toMatch(/^[0-9a-f]{64}$/)
  })

  it.each([
    ['a statement is put in', code.replace('return', 'tools.refund({}); return')],
    ['a character is changed', code.replace('length', 'Length')],
    ['a comment is added', `${code}//`],
    ['the text looks alike', code.replace('a', '\u0430')],
  ])('shows when %s between analysis and execution', (_name, other) => {
    expect(isUntouched({ ...program, code: other })).toBe(false)
  })

  it('shows when somebody gives another hash', () => {
    expect(isUntouched({ code, hash: programHash('return 1') })).toBe(false)
    expect(isUntouched({ code, hash: program.hash.toUpperCase() })).toBe(false)
  })
})
