import { changesBetween, type JsonChange } from '../approval/json-changes.ts'
import { redact } from '../audit/redact.ts'
import { REDACTED, redactText } from '../audit/redact-text.ts'
import { isSecretName } from '../audit/secret-names.ts'
import type { JsonValue } from '../json-value.ts'
import type { ReplayedCall } from './replay.ts'
import type { JournalEntry } from './run-journal.ts'

const MAX_DIFFERENCES = 10
const MAX_SHOWN = 80
const MAX_NAME = 100

const NEXT =
  'Nothing more was called and what is on record stays done: undo it with a rollback, or send the request again as a new run'

/**
 * Says how a program left the way on record: which call was expected, what came instead, and where the two
 * arguments differ, by JSON Pointer. Bounded, with secrets redacted as in a trace.
 *
 * @param expected - The first call on record that the program has not made again.
 * @param got - What it called instead; `null` when it ended, or waits, without that call.
 *
 * @example
 * ```ts
 * describeDivergence(entry, { tool: 'refund', argument: { cents: 50 } })
 * // 'The run diverged at call 2. Expected by the journal: refund({"cents":500}). Now: refund({"cents":50}).
 * //  Differences: /cents was 500 and is 50. …'
 * ```
 */
export function describeDivergence(expected: JournalEntry, got: ReplayedCall | null): string {
  const wanted = `Expected by the journal: ${wordCall(expected)}`
  const place = `The run diverged at call ${expected.seq}`
  if (got === null) return `${place}. ${wanted}. The program did not make it again. ${NEXT}`
  return [place, wanted, `Now: ${wordCall(got)}`, ...wordDifferences(expected, got), NEXT].join(
    '. ',
  )
}

function wordCall({ tool, argument }: ReplayedCall): string {
  return `${wordName(tool)}(${shorten(JSON.stringify(redact(argument)))})`
}

function wordDifferences(expected: JournalEntry, got: ReplayedCall): readonly string[] {
  if (expected.tool !== got.tool) return []
  const changes = changesBetween(expected.argument, got.argument)
  if (changes.length === 0) return []
  const shown = changes.slice(0, MAX_DIFFERENCES).map(wordChange)
  const rest = changes.length - shown.length
  return [`Differences: ${shown.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}`]
}

function wordChange({ path, before, after }: JsonChange): string {
  const isSecret = path.split('/').some(isSecretName)
  const show = (value: JsonValue) => (isSecret ? REDACTED : shorten(JSON.stringify(redact(value))))
  const where = path === '' ? 'the argument' : wordName(path)
  if (before === undefined) return `${where} is new: ${show(after ?? null)}`
  if (after === undefined) return `${where} is gone, was ${show(before)}`
  return `${where} was ${show(before)} and is ${show(after)}`
}

function wordName(name: string): string {
  return redactText(name.length <= MAX_NAME ? name : `${name.slice(0, MAX_NAME)}…`)
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`
}
