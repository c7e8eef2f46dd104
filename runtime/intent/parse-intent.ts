import { IntentError } from '../errors.ts'
import type { LanguageModel, ModelReply } from '../llm/language-model.ts'
import { intentParsingPrompt } from '../prompts/intent-parsing.ts'
import { type Intent, UNKNOWN_DOMAIN } from './intent.ts'
import { type IntentScope, isInScope } from './intent-scope.ts'

/** For which endpoint an intent is parsed. */
export interface ParseIntentOptions {
  /** What the endpoint is there for. */
  readonly scope?: IntentScope
  /** Further domains that matter, for example those that approval rules name. */
  readonly domains?: readonly string[]
  readonly signal: AbortSignal
}

/**
 * Finds out what an intent would do and what it is about. The model is asked only where the answer
 * matters: when the endpoint has a scope or knows domains. An answer that is not understood counts as
 * a write in an unknown domain.
 *
 * @throws {IntentError} When the intent is out of the endpoint's scope.
 * @throws {ModelError} When the model gives no answer at all.
 */
export async function parseIntent(
  model: LanguageModel,
  request: Pick<Intent, 'raw' | 'params'>,
  options: ParseIntentOptions,
): Promise<Intent> {
  const { raw, params } = request
  const { scope, signal } = options
  const domains = [...new Set([...(scope?.domains ?? []), ...(options.domains ?? [])])]
  if (scope?.actions === undefined && scope?.domains === undefined && domains.length === 0) {
    return { raw, params, action: 'read' }
  }
  const prompt = intentParsingPrompt({ intent: raw, params, domains })
  const reply = await model.generate({ ...prompt, purpose: 'intent', rawIntent: raw, signal })
  const intent: Intent = { raw, params, ...readAnswer(reply, domains) }
  if (scope !== undefined && !isInScope(intent, scope)) {
    throw new IntentError('The intent is out of scope for this endpoint')
  }
  return intent
}

function readAnswer(
  reply: ModelReply,
  domains: readonly string[],
): { action: Intent['action']; domain?: string } {
  const answer = reply.finishReason === 'stop' ? readObject(reply.text) : null
  const action = answer?.['action'] === 'read' ? 'read' : 'write'
  const domain = answer?.['domain']
  if (typeof domain === 'string' && domains.includes(domain)) return { action, domain }
  if (domain === 'other') return { action }
  return { action, domain: UNKNOWN_DOMAIN }
}

const FENCED = /^```(?:json)?\n([^`]*)\n```$/

/** One JSON object with exactly the two fields, bare or in one fence; anything else is no answer. */
function readObject(text: string): Record<string, unknown> | null {
  const trimmed = text.trim()
  if (trimmed.length > 2_000) return null
  let value: unknown
  try {
    value = JSON.parse(FENCED.exec(trimmed)?.[1] ?? trimmed)
  } catch {
    // Not JSON: the caller takes the strictest reading.
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const answer = Object.fromEntries(Object.entries(value))
  return Object.keys(answer).sort().join() === 'action,domain' ? answer : null
}
