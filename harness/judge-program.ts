import type { ReadFailureCode } from './parsing/program-message.ts'
import { type CapabilityPlan, derivePlan, type SqlReader } from './plan/capability-plan.ts'
import { allowedModules, evaluateProgramPolicies } from './policy/evaluate-policies.ts'
import type { Policy, PolicyContext } from './policy/policy.ts'
import type { Program, ProgramLanguage } from './program.ts'
import type { ProgramReader } from './program-reader.ts'
import { type Action, type Requester, strictestAction } from './requester.ts'
import type { ResourceLimits } from './sandbox/resource-limits.ts'
import type { Tool } from './sandbox/tool-host.ts'
import { declareToolTypes, type ToolTypes } from './types/tool-types.ts'
import type { TypeChecker } from './types/type-checker.ts'
import { decide, type Finding, markRepairable } from './verdict.ts'

/** A text to be judged, and for whom. A `HarnessRequest` is one. */
export interface JudgeRequest {
  readonly runId: string
  readonly endpoint: string
  readonly entrance: 'intent' | 'execute'
  readonly source: string
  readonly language: ProgramLanguage
  /** What the intent says the run does; the program and the entrance can only make it stricter. */
  readonly intentAction: Action
  readonly requester: Requester | null
  readonly tools: readonly Tool[]
  readonly policies: readonly Policy[]
  readonly limits: Pick<ResourceLimits, 'timeoutMs' | 'maxProgramBytes'>
  /** Set on resume: the hash of the program that was judged before. */
  readonly expectedHash?: string
  /** Declarations of `tools`, where they are at hand. Default: made for this request. */
  readonly toolTypes?: ToolTypes
  /** For tests of single layers only. */
  readonly skip?: { readonly analysis: boolean; readonly policies: boolean }
  readonly signal?: AbortSignal
}

/** What judging needs. */
export interface JudgeMeans {
  readonly reader: ProgramReader
  /** Checks types as well; without it they are not checked. */
  readonly typeChecker?: TypeChecker
  /** Aborted when the time of the run is over, or the run is cancelled. */
  readonly ended: AbortSignal
}

/** What came of judging a text. Nothing was run and nobody was asked. */
export type Judgement =
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'unreadable'
      readonly code: ReadFailureCode
      readonly findings: readonly Finding[]
    }
  /** It is not the program that was judged before. */
  | { readonly kind: 'diverged' }
  /** The time was over before every policy had decided. */
  | { readonly kind: 'late'; readonly program: Program; readonly action: Action }
  | {
      readonly kind: 'denied'
      readonly program: Program
      readonly action: Action
      readonly findings: readonly Finding[]
    }
  | {
      readonly kind: 'admitted'
      readonly program: Program
      readonly action: Action
      readonly context: PolicyContext
      readonly findings: readonly Finding[]
      readonly plan: CapabilityPlan
    }

/** How much of a run's time may go by while its types are checked: it is advice, and a compiler may start slowly. */
const SHARE_FOR_TYPES = 1 / 4

/**
 * The gates before approval: reads the text, has static analysis, policies and the type check look at it,
 * and derives what it can reach. Has no effect: `airlock check` stops here, and a run goes on.
 *
 * @example
 * ```ts
 * const judgement = await judgeProgram(request, { reader, ended: AbortSignal.timeout(5_000) })
 * judgement.kind // 'admitted'
 * ```
 */
export async function judgeProgram(request: JudgeRequest, means: JudgeMeans): Promise<Judgement> {
  const tools = new Map(request.tools.map((tool) => [tool.name, tool]))
  const read = await means.reader.read({
    source: request.source,
    language: request.language,
    toolNames: [...tools.keys()],
    maxProgramBytes: request.limits.maxProgramBytes,
    skipRules: request.skip?.analysis ?? false,
    modules: allowedModules(request.policies),
    fairKey: fairKeyOf(request),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    deadlineMs: request.limits.timeoutMs,
  })
  if (request.signal?.aborted) return { kind: 'cancelled' }
  if (!read.ok) {
    return { kind: 'unreadable', code: read.code, findings: markRepairable(read.findings) }
  }
  const { program } = read
  if (request.expectedHash !== undefined && request.expectedHash !== program.hash) {
    return { kind: 'diverged' }
  }
  const action = effectiveAction(request, program, tools)
  const { runId, endpoint, requester } = request
  const context: PolicyContext = {
    runId,
    endpoint,
    action,
    requester,
    tools,
    signal: means.ended,
  }
  const found = await beforeEnd(means.ended, findingsOf(request, means, { program, context }))
  if (found === null) return { kind: 'late', program, action }
  const { decision, findings } = decide([...program.findings, ...found])
  if (decision === 'deny') return { kind: 'denied', program, action, findings }
  const sources = {
    tools: request.tools,
    sqlReaders: request.policies.filter(isSqlReader),
    signal: means.ended,
  }
  const plan = await beforeEnd(means.ended, derivePlan(program.facts, sources))
  if (plan === null) return { kind: 'late', program, action }
  return { kind: 'admitted', program, action, context, findings, plan }
}

async function findingsOf(
  request: JudgeRequest,
  means: JudgeMeans,
  { program, context }: { readonly program: Program; readonly context: PolicyContext },
): Promise<readonly Finding[]> {
  const judged = request.skip?.policies
    ? []
    : evaluateProgramPolicies(request.policies, program, context)
  const patience = AbortSignal.timeout(Math.ceil(request.limits.timeoutMs * SHARE_FOR_TYPES))
  const checked = means.typeChecker?.check(
    program,
    request.toolTypes ?? declareToolTypes(request.tools),
    AbortSignal.any([means.ended, patience]),
  )
  return [...(await judged), ...((await checked) ?? [])]
}

/** The strictest of what the intent says, what the program can do and how it came in. */
export function effectiveAction(
  request: Pick<JudgeRequest, 'intentAction' | 'entrance' | 'tools'>,
  program: Program,
  tools: ReadonlyMap<string, Tool>,
): Action {
  const mayWrite = program.facts.toolUses.some(({ tool }) =>
    tool === '*'
      ? request.tools.some(({ readOnly }) => !readOnly)
      : tools.get(tool)?.readOnly === false,
  )
  return strictestAction(
    request.intentAction,
    mayWrite ? 'write' : 'read',
    request.entrance === 'execute' ? 'execute' : 'read',
  )
}

/**
 * Waits for work that other people's code may never finish.
 *
 * @returns `null` if the signal was aborted first.
 */
export async function beforeEnd<T>(ended: AbortSignal, work: Promise<T>): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>()
  const onEnd = () => resolve(null)
  if (ended.aborted) onEnd()
  ended.addEventListener('abort', onEnd, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    ended.removeEventListener('abort', onEnd)
  }
}

/** Callers take turns, so that one caller's slow texts do not hold up another's. */
function fairKeyOf({ requester, endpoint }: JudgeRequest): string {
  if (requester === null) return `endpoint ${endpoint}`
  return `user ${requester.tenantId ?? ''} ${requester.userId}`
}

function isSqlReader(policy: Policy): policy is Policy & SqlReader {
  return 'judgeSql' in policy && typeof policy.judgeSql === 'function'
}
