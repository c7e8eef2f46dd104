import { describe, expect, it } from 'vitest'
import { judge, readPrograms } from './programs/program-corpus.ts'
import { runReply } from './programs/run-program.ts'

const programs = readPrograms()

describe('right programs of models give the recorded value with the recorded tool calls', () => {
  for (const program of programs.filter(({ expect_error }) => expect_error === undefined)) {
    it(program.id, { timeout: 90_000 }, async () => {
      const run = await runReply(program, program.llm_output)
      expect(judge(program, run.outcome, { repaired: false })).toEqual([])
      expect(run.unasked).toBe(0)
      expect(run.approvals > 0).toBe(program.writes ?? false)
    })
  }
})

describe('wrong programs of models fail with an error they can be mended from', () => {
  for (const program of programs.filter(({ expect_error }) => expect_error !== undefined)) {
    it(program.id, { timeout: 90_000 }, async () => {
      const { outcome } = await runReply(program, program.llm_output)
      expect(judge(program, outcome, { repaired: false })).toEqual([])
    })
    const { repaired_llm_output } = program
    if (repaired_llm_output === undefined) continue
    it(`${program.id}, mended, gives the recorded value`, { timeout: 90_000 }, async () => {
      const { outcome } = await runReply(program, repaired_llm_output)
      expect(judge(program, outcome, { repaired: true })).toEqual([])
    })
  }
})
