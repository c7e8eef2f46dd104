import type { JsonValue } from '../json-value.ts'
import type { CapabilityPlan, PlannedTool, SqlShape } from './capability-plan.ts'

const MAX_SHOWN_ARGUMENTS = 5
const MAX_ARGUMENT_LENGTH = 200
const MAX_SHOWN_NAMES = 20

/**
 * A plan in plain words, one claim a line, for the person who is to approve it. What comes from the program
 * is on one line and bounded; it is not escaped for HTML or a terminal.
 */
export function describePlan(plan: CapabilityPlan): string[] {
  if (plan.isUnbounded) return describeUnbounded(plan)
  if (plan.tools.length === 0) return ['Calls no tool']
  return plan.tools.flatMap(describeTool)
}

function describeUnbounded({ tools }: CapabilityPlan): string[] {
  const changing = tools.filter(({ readOnly }) => !readOnly).map(({ name }) => name)
  return [
    'Any tool, any number of calls: which ones is decided while the program runs',
    `It is granted: ${list(tools.map(({ name }) => name))}`,
    changing.length === 0
      ? 'None of these changes anything'
      : `Each call of what changes something asks again: ${list(changing)}`,
  ]
}

function describeTool(tool: PlannedTool): string[] {
  const { name, readOnly, maxCalls, constantArguments, sql } = tool
  const change = readOnly ? '' : ', which changes something'
  const often = maxCalls === null ? 'any number of times' : atMost(maxCalls)
  const lines = [`Calls ${name}${change}, ${often}${describeArguments(constantArguments)}`]
  if (maxCalls === null && !readOnly) lines.push(`Each call of ${name} asks again`)
  if (sql === undefined) return lines
  if (sql.statements === null) {
    return [...lines, `The SQL for ${name} is put together while the program runs`]
  }
  for (const { text, shape } of sql.statements) {
    lines.push(
      shape === null ? `Its SQL could not be read: ${oneLine(text)}` : describeShape(shape),
    )
  }
  return [...new Set(lines)]
}

function atMost(count: number): string {
  if (count === 1) return 'once at most'
  return `${count} times at most`
}

function describeArguments(constants: readonly JsonValue[] | null): string {
  if (constants === null) return ', with arguments that are computed while it runs'
  if (constants.length === 0) return ''
  const shown = constants
    .slice(0, MAX_SHOWN_ARGUMENTS)
    .map((argument) => oneLine(JSON.stringify(argument)))
  const more = constants.length - shown.length
  return `, with ${shown.join(' or ')}${more > 0 ? ` or ${more} others` : ''}`
}

function describeShape({ action, tablesRead, tablesWritten, columns }: SqlShape): string {
  const parts = [
    ...(tablesRead.length > 0 ? [`reads ${list(tablesRead)}`] : []),
    ...(tablesWritten.length > 0 ? [`writes ${list(tablesWritten)}`] : []),
    ...(action === 'write' && tablesWritten.length === 0 ? ['may change something'] : []),
  ]
  const what = parts.length === 0 ? 'touches no table' : parts.join(' and ')
  return `Its SQL ${what}${columns.length > 0 ? `; columns ${list(columns)}` : ''}`
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_SHOWN_NAMES).map(oneLine).join(', ')
  const more = names.length - MAX_SHOWN_NAMES
  return more > 0 ? `${shown} and ${more} more` : shown
}

function oneLine(text: string): string {
  const line = text.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim()
  return line.length > MAX_ARGUMENT_LENGTH ? `${line.slice(0, MAX_ARGUMENT_LENGTH - 1)}…` : line
}
