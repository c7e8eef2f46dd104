import { canonicalJson } from '../journal/canonical-json.ts'
import type { JsonValue } from '../json-value.ts'
import type { CapabilityPlan, PlannedTool } from './capability-plan.ts'

/** A tool call as the program made it. */
export interface PlannedCall {
  readonly tool: string
  /** What the program handed over, before any schema filled in defaults. */
  readonly argument: JsonValue
}

/**
 * Whether a plan that somebody approved speaks for a call:
 *
 * - `covered`: the plan names the call.
 * - `outside`: the plan rules it out, so the program is not the one that was approved. A violation.
 * - `not-covered`: the plan says nothing definite about it, and it changes something: it has to be asked for.
 */
export type PlanCover = 'covered' | 'outside' | 'not-covered'

/**
 * Says whether an approved plan covers one more call.
 *
 * @param usedSoFar - How many calls of each tool the run has made before, those on their way included.
 */
export function coversCall(
  plan: CapabilityPlan,
  usedSoFar: ReadonlyMap<string, number>,
  call: PlannedCall,
): PlanCover {
  const tool = plan.tools.find(({ name }) => name === call.tool)
  if (tool === undefined) return 'outside'
  if (!allowsArgument(tool, call.argument)) return 'outside'
  if (tool.maxCalls !== null) {
    return (usedSoFar.get(tool.name) ?? 0) < tool.maxCalls ? 'covered' : 'outside'
  }
  return tool.readOnly ? 'covered' : 'not-covered'
}

function allowsArgument({ constantArguments, sql }: PlannedTool, argument: JsonValue): boolean {
  if (constantArguments !== null) {
    const given = canonicalJson(argument)
    return constantArguments.some((constant) => canonicalJson(constant) === given)
  }
  if (sql === undefined || sql.statements === null) return true
  const text = propertyOf(argument, sql.argument)
  return sql.statements.some((statement) => statement.text === text)
}

function propertyOf(value: JsonValue, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as { readonly [key: string]: JsonValue })[name]
}
