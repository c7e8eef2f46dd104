import {
  AgenticError,
  canonicalJson,
  type ExecutionTrace,
  type JsonValue,
  redact,
  type TraceOwner,
} from '../../harness/index.ts'
import type { SubjectSeal } from '../store/subject-keys.ts'

/** What is readable for ever, and what is encrypted for the person it is about. */
export interface AuditContent {
  /** Whose data `personal` is; `null` for nobody's. */
  readonly owner: TraceOwner
  /** Names, counts and states: nothing that a person could have written, and no digest of it. */
  readonly facts: JsonValue
  readonly personal?: JsonValue
  /** Where the personal part belongs: it opens for no other. */
  readonly place: string
}

/** A payload as it is stored. */
interface Payload {
  readonly facts: JsonValue
  readonly sealed?: string
}

/** What can still be read of a payload. */
export interface OpenedPayload {
  readonly facts: JsonValue
  /** Absent when there never was any, or when it is withheld. */
  readonly personal?: JsonValue
  readonly withheld?: 'erased' | 'damaged'
}

/** Writes a payload, its personal part encrypted, secrets removed from both. */
export async function payloadOf(content: AuditContent, seal: SubjectSeal): Promise<string> {
  const { owner, facts, personal, place } = content
  const readable = redact(facts)
  if (personal === undefined) return canonicalJson({ facts: readable })
  const sealed = await seal.seal(owner, JSON.stringify(redact(personal)), place)
  return canonicalJson({ facts: readable, sealed })
}

/** Reads a payload as far as it can be read. */
export async function openPayload(
  payload: string,
  place: string,
  seal: SubjectSeal,
): Promise<OpenedPayload> {
  const { facts, sealed }: Payload = JSON.parse(payload)
  if (sealed === undefined) return { facts }
  try {
    const text = await seal.open(sealed, place)
    if (text === null) return { facts, withheld: 'erased' }
    return { facts, personal: JSON.parse(text) }
  } catch (error) {
    const isDamaged =
      error instanceof SyntaxError ||
      (error instanceof AgenticError && 'reason' in error && error.reason === 'corrupt')
    if (!isDamaged) throw error
    return { facts, withheld: 'damaged' }
  }
}

/** The two parts of a trace. Digests are personal too: a short argument can be guessed from its digest. */
export function contentOf(trace: ExecutionTrace): AuditContent {
  const { requester, intent, program, attempts, findings, approvals, resultDigest } = trace
  const { error, toolCalls, withheld: _, ...rest } = trace
  const { requester: _r, intent: _i, program: _p, attempts: _a, ...others } = rest
  const { findings: _f, approvals: _v, resultDigest: _d, ...facts } = others
  return {
    owner: requester,
    place: tracePlace(trace.runId),
    facts: toJson({
      ...facts,
      toolCalls: toolCalls.map(({ argumentDigest: _, ...call }) => call),
      errorCode: error?.code,
    }),
    personal: toJson({
      ...{ requester, intent, program, attempts, findings, approvals, resultDigest },
      argumentDigests: toolCalls.map(({ argumentDigest }) => argumentDigest),
      errorMessage: error?.message,
    }),
  }
}

/** Reads a trace back. What is withheld is empty in it. */
export async function openTrace(
  payload: string,
  runId: string,
  seal: SubjectSeal,
): Promise<ExecutionTrace> {
  const opened = await openPayload(payload, tracePlace(runId), seal)
  // Both were written by `contentOf` alone.
  const { errorCode, toolCalls, ...facts } = opened.facts as unknown as TraceFacts
  const personal = (opened.personal ?? NOTHING) as unknown as PersonalPart
  const { argumentDigests, errorMessage, ...rest } = personal
  return {
    ...facts,
    ...rest,
    toolCalls: toolCalls.map((call, index) => ({
      ...call,
      argumentDigest: argumentDigests[index] ?? '',
    })),
    ...(errorCode === undefined ? {} : { error: { code: errorCode, message: errorMessage ?? '' } }),
    ...(opened.withheld === undefined ? {} : { withheld: opened.withheld }),
  }
}

type Personal =
  | 'requester'
  | 'intent'
  | 'program'
  | 'attempts'
  | 'findings'
  | 'approvals'
  | 'resultDigest'

type PersonalPart = Pick<ExecutionTrace, Personal> & {
  readonly argumentDigests: readonly string[]
  readonly errorMessage?: string
}

type TraceFacts = Omit<ExecutionTrace, Personal | 'toolCalls' | 'error'> & {
  readonly toolCalls: readonly Omit<ExecutionTrace['toolCalls'][number], 'argumentDigest'>[]
  readonly errorCode?: string
}

const NOTHING = { requester: null, findings: [], approvals: [], argumentDigests: [] }

function tracePlace(runId: string): string {
  return `trace ${runId}`
}

function toJson(value: object): JsonValue {
  return JSON.parse(JSON.stringify(value))
}
