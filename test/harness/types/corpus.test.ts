import { afterAll, describe, expect, it } from 'vitest'
import { declareToolTypes } from '../../../harness/types/tool-types.ts'
import type { TypeFinding } from '../../../harness/types/type-finding.ts'
import { TypeScriptChecker } from '../../../harness/types/typescript-checker.ts'
import { extractCode } from '../../../runtime/index.ts'
import { type CorpusProgram, readPrograms } from '../../corpus/programs/program-corpus.ts'
import { typedTool } from './typed-tools.ts'

const checker = new TypeScriptChecker({ deadlineMs: 10_000 })
afterAll(() => checker.close())
const programs = readPrograms()

function check({ tools }: CorpusProgram, reply: string): Promise<readonly TypeFinding[]> {
  const code = extractCode(reply)
  if (code.kind !== 'program') throw new Error('The reply must hold a program')
  const types = declareToolTypes(tools.map(({ name, input }) => typedTool(name, input)))
  const { signal } = new AbortController()
  return checker.check({ source: code.source, findings: [] }, types, signal)
}

describe('right programs of models', () => {
  for (const program of programs.filter(({ expect_error }) => expect_error === undefined)) {
    it(`${program.id} has no type finding`, async () => {
      expect(await check(program, program.llm_output)).toEqual([])
    })
  }
  for (const program of programs) {
    const { repaired_llm_output } = program
    if (repaired_llm_output === undefined) continue
    it(`${program.id}, mended, has no type finding`, async () => {
      expect(await check(program, repaired_llm_output)).toEqual([])
    })
  }
})

/** The wrong programs whose mistake shows in their types, by the rule that finds it. */
const CAUGHT: Readonly<Record<string, string>> = {
  'err-tool-typo': 'types/unknown-tool',
  'err-missing-await': 'types/missing-await',
  'err-arg-type': 'types/tool-argument',
  'err-arg-enum': 'types/tool-argument',
  'err-missing-arg': 'types/tool-argument',
  'err-positional-args': 'types/tool-argument',
}

describe('wrong programs of models', () => {
  for (const program of programs.filter(({ expect_error }) => expect_error !== undefined)) {
    const caught = CAUGHT[program.id]
    it(`${program.id} is ${caught === undefined ? 'left to other gates' : 'caught'}`, async () => {
      const findings = await check(program, program.llm_output)
      expect(findings.map(({ ruleId }) => ruleId)).toEqual(caught === undefined ? [] : [caught])
      if (caught === undefined) return
      const words = findings.map(({ message, hint }) => `${message} ${hint}`).join(' ')
      for (const wanted of program.expect_error?.message_should_mention ?? []) {
        expect(words).toMatch(new RegExp(wanted, 'i'))
      }
    })
  }
})
