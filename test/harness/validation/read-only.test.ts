import { describe, expect, it } from 'vitest'
import { ReadOnlyValidator } from '../../../harness/validation/read-only.ts'
import { journalEntry, runOutput } from './run-output.ts'

const validator = new ReadOnlyValidator()
const write = journalEntry({ tool: 'refund', readOnly: false })
const refusal = { kind: 'error', code: 'ERR_TOOL_DENIED', message: 'No' } as const

const withheld = {
  'made a call that changes something': [
    { ...write, answer: { kind: 'value', value: 1 } as const },
  ],
  'made one whose answer is not known': [write],
  'made one that failed in the host': [
    { ...write, answer: { ...refusal, code: 'ERR_TOOL_FAILED' } },
  ],
  'made one among many that do not': [journalEntry(), write, journalEntry({ seq: 2 })],
}

const letOut = {
  'made no call': [],
  'only read': [journalEntry(), journalEntry({ seq: 1 })],
  'was refused the call at the gate': [{ ...write, answer: refusal }],
}

describe('ReadOnlyValidator', () => {
  for (const [name, calls] of Object.entries(withheld)) {
    it(`withholds the result of a read run that ${name}`, () => {
      expect(validator.validate(runOutput({ calls }))).toMatchObject([
        { ruleId: 'read-only', severity: 'violation' },
      ])
    })
  }

  for (const [name, calls] of Object.entries(letOut)) {
    it(`lets out the result of a read run that ${name}`, () => {
      expect(validator.validate(runOutput({ calls }))).toEqual([])
    })
  }

  it('has nothing to say of a write run', () => {
    expect(validator.validate(runOutput({ action: 'write', calls: [write] }))).toEqual([])
  })

  it('does not go by words: an output that talks of deleting is let out', () => {
    const value = { sql: 'DELETE FROM orders', status: 'deleted' }
    expect(validator.validate(runOutput({ value, calls: [journalEntry()] }))).toEqual([])
  })
})
