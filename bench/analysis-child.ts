// Runs in a child like the one that reads programs: the same flags, the same heap, the built package. It stands here
// because a child may read its own folder only.
import { parse } from '@babel/parser'
import type { JsonValue } from '../harness/json-value.ts'
import type * as Serving from '../harness/parsing/killable-child.ts'
import type * as Reading from '../harness/parsing/read-program.ts'
import type * as Code from '../harness/policy/code-policy.ts'
import type * as Data from '../harness/policy/data-policy.ts'
import type * as Policies from '../harness/policy/evaluate-policies.ts'
import type * as Resource from '../harness/policy/resource-policy.ts'
import type * as Runtime from '../harness/policy/runtime-policy.ts'
import type { Program } from '../harness/program.ts'
import type { MeasuredProgram } from './analysis/programs.ts'
import { built } from './built.ts'

/** One text, and how often it is measured. */
export interface MeasureQuestion {
  readonly program: MeasuredProgram
  readonly rounds: number
}

/** Times in milliseconds, round by round. */
export interface MeasureAnswer {
  /** `@babel/parser` alone on the author's text. */
  readonly parseMs: readonly number[]
  /** Reading the text as a program, rules included, and the four policies. */
  readonly judgeMs: readonly number[]
  /** Findings that deny; 0 for what is measured. */
  readonly violations: number
}

const { readProgram } = await built<typeof Reading>('harness/parsing/read-program.js')
const { serveCalls } = await built<typeof Serving>('harness/parsing/killable-child.js')
const { evaluateProgramPolicies } = await built<typeof Policies>(
  'harness/policy/evaluate-policies.js',
)
const { CodePolicy } = await built<typeof Code>('harness/policy/code-policy.js')
const { DataPolicy } = await built<typeof Data>('harness/policy/data-policy.js')
const { ResourcePolicy } = await built<typeof Resource>('harness/policy/resource-policy.js')
const { RuntimePolicy } = await built<typeof Runtime>('harness/policy/runtime-policy.js')

const policies = [
  new CodePolicy({ maxLines: 100_000 }),
  new DataPolicy({ readableTables: ['orders'] }),
  new ResourcePolicy(),
  new RuntimePolicy({ maxNodes: 1_000_000, maxLines: 100_000, maxComplexity: 100_000 }),
]
const context = {
  runId: 'bench',
  endpoint: 'bench',
  action: 'read',
  requester: null,
  tools: new Map(),
  signal: new AbortController().signal,
} as const

async function judge({ source, language, toolNames }: MeasuredProgram): Promise<number> {
  const read = readProgram({ source, language, toolNames, modules: [], skipRules: false })
  if (!read.ok) return 1
  const program: Program = { ...read, source, language, hash: '' }
  const findings = [
    ...program.findings,
    ...(await evaluateProgramPolicies(policies, program, context)),
  ]
  return findings.filter(({ severity }) => severity === 'violation').length
}

function parseAlone({ source, language }: MeasuredProgram): void {
  parse(source, {
    sourceType: 'module',
    allowReturnOutsideFunction: true,
    allowAwaitOutsideFunction: true,
    plugins: language === 'ts' ? ['typescript'] : [],
    // As we parse it: without these two it takes longer.
    attachComment: false,
    errorRecovery: true,
  })
}

async function measure({ program, rounds }: MeasureQuestion): Promise<MeasureAnswer> {
  const parseMs: number[] = []
  const judgeMs: number[] = []
  let violations = 0
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now()
    parseAlone(program)
    const parsed = performance.now()
    violations = await judge(program)
    parseMs.push(parsed - started)
    judgeMs.push(performance.now() - parsed)
  }
  return { parseMs, judgeMs, violations }
}

serveCalls(async (message) => {
  if (message === 'ping') return 'pong'
  return (await measure(message as unknown as MeasureQuestion)) as unknown as JsonValue
})
