import type { JsonValue } from '../../harness/index.ts'
import type { DoneCall } from './rollback-plan.ts'

/** Longer arguments are handed over as data: the text is what an approver reads. */
const MAX_SHOWN = 16_384

// Names that mean something on every object are left to `data`, where they mean nothing.
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const SPECIAL: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  'prototype',
])

/**
 * Writes the program that undoes calls, one after the other. A rollback is a run like any other: its program
 * is analysed, judged by policies, approved and sandboxed, and whoever approves it reads in it what will be
 * undone.
 *
 * @returns The text, and the `data` it is run with.
 */
export function rollbackProgram(calls: readonly DoneCall[]): {
  readonly source: string
  readonly data: JsonValue
} {
  const data: JsonValue[] = []
  const lines = calls.map(({ seq, tool, argument }) => {
    const text = JSON.stringify(argument)
    const isShown = text.length <= MAX_SHOWN && isPlain(argument)
    const place = isShown ? text : `data[${data.push(argument) - 1}]`
    return `await tools${accessOf(tool)}(${place}) // undoes call ${seq}`
  })
  const undone = JSON.stringify(calls.map(({ seq }) => seq))
  return { source: [...lines, `return { undone: ${undone} }`].join('\n'), data }
}

function accessOf(tool: string): string {
  return PLAIN_NAME.test(tool) ? `.${tool}` : `[${JSON.stringify(tool)}]`
}

/** Whether a value, written down in a program, is the same value and nothing but that. */
function isPlain(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isPlain)
  return Object.entries(value).every(
    ([name, part]) =>
      PLAIN_NAME.test(name) && !SPECIAL.has(name) && part !== undefined && isPlain(part),
  )
}
