import { beforeAll, describe, expect, it } from 'vitest'
import { type CorpusProgram, judge } from './program-corpus.ts'
import { type CorpusRunner, createRunner } from './run-program.ts'

/** Denials and limits: a model that is told of them looks for a way around. */
const IS_FINAL: ReadonlySet<string> = new Set([
  'err-import-lodash',
  'err-fetch',
  'err-infinite-pagination',
])

/** Declares a test for each program: right ones give what is recorded, wrong ones fail as they should. */
export function describePrograms(programs: readonly CorpusProgram[]): void {
  let runner: CorpusRunner
  beforeAll(() => {
    runner = createRunner(programs)
    return () => runner.close()
  })

  describe('right programs of models give the recorded value with the recorded tool calls', () => {
    for (const program of programs.filter(({ expect_error }) => expect_error === undefined)) {
      it(program.id, { timeout: 90_000 }, async () => {
        const run = await runner.run(program, program.llm_output)
        expect(judge(program, run.outcome, { repaired: false })).toEqual([])
        expect(run.unasked).toBe(0)
        expect(run.approvals > 0).toBe(program.writes ?? false)
      })
    }
  })

  describe('wrong programs of models fail with an error they can be mended from', () => {
    for (const program of programs.filter(({ expect_error }) => expect_error !== undefined)) {
      it(program.id, { timeout: 90_000 }, async () => {
        const { outcome } = await runner.run(program, program.llm_output)
        expect(judge(program, outcome, { repaired: false })).toEqual([])
      })
      const { repaired_llm_output } = program
      if (repaired_llm_output === undefined) continue
      it(`${program.id}, mended, gives the recorded value`, { timeout: 90_000 }, async () => {
        const { outcome } = await runner.run(program, repaired_llm_output)
        expect(judge(program, outcome, { repaired: true })).toEqual([])
      })
      if (IS_FINAL.has(program.id)) {
        it(`${program.id} is not sent back to the model`, { timeout: 90_000 }, async () => {
          const run = await runner.run(program, program.llm_output, repaired_llm_output)
          expect(judge(program, run.outcome, { repaired: false })).toEqual([])
          expect(run.repairs).toBe(0)
        })
      } else {
        it(`${program.id} is mended by the model in one run`, { timeout: 90_000 }, async () => {
          const run = await runner.run(program, program.llm_output, repaired_llm_output)
          expect(judge(program, run.outcome, { repaired: true })).toEqual([])
          expect(run.repairs).toBe(1)
        })
      }
    }
  })
}
