import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CodePolicy } from '../../../harness/policy/code-policy.ts'
import { evaluateProgramPolicies } from '../../../harness/policy/evaluate-policies.ts'
import { ResourcePolicy } from '../../../harness/policy/resource-policy.ts'
import { RuntimePolicy } from '../../../harness/policy/runtime-policy.ts'
import type { ProgramLanguage } from '../../../harness/program.ts'
import { ProgramReader } from '../../../harness/program-reader.ts'
import type { Finding } from '../../../harness/verdict.ts'
import { context } from '../policy/policy-for-test.ts'

interface CorpusProgram {
  readonly id: string
  readonly language: ProgramLanguage
  readonly code: string
  readonly tools: readonly { readonly name: string }[]
  readonly contentious?: string
  readonly expected_tool_calls?: readonly { readonly name: string }[]
  readonly expect_error?: {
    readonly class: string
    readonly message_should_mention: readonly string[]
  }
}

interface Attack {
  readonly id: string
  readonly language: ProgramLanguage
  readonly code: string
  readonly static: 'must-reject' | 'may-reject'
}

function lines<Item>(name: string): readonly Item[] {
  return readFileSync(new URL(`../../corpus/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Fills in what the attacks leave open: with harmless text, for nothing here runs. */
function fill(code: string): string {
  return code
    .replaceAll(/\{\{REPEAT\|(\d+)\|([^}]*)\}\}/g, (_all, count, text) =>
      text.repeat(Number(count)),
    )
    .replaceAll('{{CANARY_PORT}}', '9')
    .replaceAll(/\{\{(RESULT|CALL)_FRAMES\}\}/g, '[{ "type": "result" }]')
    .replaceAll(/\{\{\w+\}\}/g, 'harmless')
}

const programs = lines<CorpusProgram>('programs.jsonl')
const attacks = lines<Attack>('attacks.jsonl')
const policies = [new CodePolicy(), new ResourcePolicy(), new RuntimePolicy()]
const reader = new ProgramReader()

beforeAll(() => reader.warm())
afterAll(() => reader.close())

async function judge(item: {
  readonly code: string
  readonly language: ProgramLanguage
  readonly toolNames: readonly string[]
}) {
  const read = await reader.read({
    source: item.code,
    language: item.language,
    toolNames: item.toolNames,
    maxProgramBytes: 262_144,
  })
  const findings: readonly Finding[] = read.ok
    ? [
        ...read.program.findings,
        ...(await evaluateProgramPolicies(policies, read.program, context)),
      ]
    : read.findings
  return { read, violations: findings.filter(({ severity }) => severity === 'violation') }
}

const judgeProgram = (program: CorpusProgram) =>
  judge({ ...program, toolNames: program.tools.map(({ name }) => name) })

describe('the programs of the corpus', () => {
  it('are accepted when they are right, and their tool calls are in the plan', async () => {
    const problems: string[] = []
    for (const program of programs.filter(({ expect_error }) => !expect_error)) {
      const { read, violations } = await judgeProgram(program)
      for (const { ruleId, message } of violations)
        problems.push(`${program.id}: ${ruleId} ${message}`)
      if (!read.ok) continue
      const planned = new Set(read.program.facts.toolUses.map(({ tool }) => tool))
      for (const { name } of program.expected_tool_calls ?? []) {
        if (!planned.has(name) && !planned.has('*'))
          problems.push(`${program.id}: ${name} not planned`)
      }
    }
    expect(programs.filter(({ expect_error }) => !expect_error)).toHaveLength(103)
    expect(problems).toEqual([])
  })

  it.each(
    programs
      .filter(({ expect_error }) => expect_error?.class === 'static')
      .map((program) => [program.id, program] as const),
  )('are refused with words that help: %s', async (_id, program) => {
    const { violations } = await judgeProgram(program)
    expect(violations).not.toEqual([])
    const said = violations.map(({ message, hint }) => `${message} ${hint}`).join('\n')
    for (const pattern of program.expect_error?.message_should_mention ?? []) {
      expect(said).toMatch(new RegExp(pattern, 'i'))
    }
  })
})

describe('the attacks of the corpus', () => {
  it('are refused before execution wherever the text shows them', async () => {
    const missed: string[] = []
    const must = attacks.filter((attack) => attack.static === 'must-reject')
    for (const attack of must) {
      const { violations } = await judge({
        code: fill(attack.code),
        language: attack.language,
        toolNames: ['echo', 'lookup', 'sql'],
      })
      if (violations.length === 0) missed.push(attack.id)
    }
    expect(must.length).toBeGreaterThan(50)
    expect(missed).toEqual([])
  })

  it('get an answer in every case', async () => {
    for (const attack of attacks.filter((one) => one.static === 'may-reject')) {
      const { read, violations } = await judge({
        code: fill(attack.code),
        language: attack.language,
        toolNames: ['echo', 'lookup', 'sql'],
      })
      expect(read.ok || violations.length > 0).toBe(true)
    }
  })
})
