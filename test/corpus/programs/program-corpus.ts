import { readFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { JsonObject, JsonValue } from '../../../src/index.ts'

/** One reply of a model with what must come of it. */
export interface CorpusProgram {
  readonly id: string
  readonly intent: string
  readonly tools: readonly {
    readonly name: string
    readonly description: string
    readonly input: JsonObject
    readonly readOnly: boolean
  }[]
  readonly tool_script: string
  readonly data: JsonValue
  readonly llm_output: string
  readonly expected?: JsonValue
  readonly expected_tool_calls?: readonly CorpusCall[]
  readonly tool_call_order?: 'ordered' | 'multiset'
  readonly volatile_paths?: readonly string[]
  readonly writes?: boolean
  readonly heavy?: boolean
  readonly contentious?: string
  readonly tz?: string
  readonly expect_error?: {
    readonly class: ErrorClass
    readonly accept_classes?: readonly ErrorClass[]
    readonly message_should_mention: readonly string[]
    readonly or_value?: JsonValue
  }
  readonly repaired_llm_output?: string
  readonly repaired_expected?: JsonValue
  readonly repaired_expected_tool_calls?: readonly CorpusCall[]
}

/** A call that reached a tool's function. */
export interface CorpusCall {
  readonly name: string
  readonly args: JsonValue
}

/** The layer that must turn a wrong program away. */
export type ErrorClass = 'static' | 'type' | 'tool' | 'runtime' | 'output' | 'timeout'

/** What one program came to. */
export type CorpusOutcome =
  | { readonly ok: true; readonly value: JsonValue; readonly calls: readonly CorpusCall[] }
  | {
      readonly ok: false
      readonly error: { readonly class: ErrorClass; readonly message: string }
      readonly calls: readonly CorpusCall[]
    }

/** All programs of the corpus. */
export function readPrograms(): readonly CorpusProgram[] {
  return readFileSync(new URL('../programs.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** The functions behind a program's tools. The script is trusted host code and may keep state. */
export function hostFunctions(
  program: CorpusProgram,
): Readonly<Record<string, (args: unknown) => unknown>> {
  // biome-ignore lint/security/noGlobalEval: the corpus holds the host's side of its tools as text
  return globalThis.eval(`(${program.tool_script})`)
}

/** What is wrong with an outcome; nothing, if it is as recorded. */
export function judge(
  program: CorpusProgram,
  outcome: CorpusOutcome,
  options: { readonly repaired: boolean },
): readonly string[] {
  const wanted = program.expect_error
  if (wanted !== undefined && !options.repaired) {
    if (outcome.ok) {
      const isAccepted = 'or_value' in wanted && isDeepStrictEqual(outcome.value, wanted.or_value)
      return isAccepted ? [] : [`expected an error of class ${wanted.class}, got a value`]
    }
    const { message, class: got } = outcome.error
    const classes = [wanted.class, ...(wanted.accept_classes ?? [])]
    return [
      ...(classes.includes(got) ? [] : [`error class ${got}, expected ${classes.join(' or ')}`]),
      ...wanted.message_should_mention
        .filter((pattern) => !new RegExp(pattern, 'i').test(message))
        .map((pattern) => `message does not mention /${pattern}/: ${message}`),
    ]
  }
  if (!outcome.ok) return [`${outcome.error.class}: ${outcome.error.message}`]
  const expected = {
    value: options.repaired ? program.repaired_expected : program.expected,
    tool_calls: options.repaired
      ? program.repaired_expected_tool_calls
      : program.expected_tool_calls,
  }
  const got = blank({ value: outcome.value, tool_calls: outcome.calls }, program)
  const want = blank(expected, program)
  const problems: string[] = []
  if (stable(got.value) !== stable(want.value)) {
    problems.push(
      `value ${stable(got.value).slice(0, 200)}, not ${stable(want.value).slice(0, 200)}`,
    )
  }
  if (calls(got.tool_calls, program) !== calls(want.tool_calls, program)) {
    problems.push(`calls ${calls(got.tool_calls, program).slice(0, 300)}`)
  }
  return problems
}

interface Evidence {
  value?: unknown
  tool_calls?: unknown
}

/** Replaces what differs from run to run by its type. */
function blank(evidence: Evidence, program: CorpusProgram): Evidence {
  const copy: Evidence = structuredClone(evidence)
  for (const pointer of program.volatile_paths ?? []) {
    const keys = pointer.split('/').slice(1)
    const last = keys.pop() ?? ''
    let place: unknown = copy
    for (const key of keys) place = (place as Record<string, unknown> | undefined)?.[key]
    if (typeof place === 'object' && place !== null && last in place) {
      const record = place as Record<string, unknown>
      record[last] = `<volatile ${typeof record[last]}>`
    }
  }
  return copy
}

function calls(list: unknown, program: CorpusProgram): string {
  const texts = (Array.isArray(list) ? list : []).map(stable)
  return (program.tool_call_order === 'multiset' ? texts.sort() : texts).join('\n')
}

function stable(value: unknown): string {
  return (
    JSON.stringify(value, (_key, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ) ?? 'undefined'
  )
}
