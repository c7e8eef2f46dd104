import type {
  Action,
  HarnessEngine,
  HarnessOutcome,
  HarnessRequest,
  ProgramLanguage,
} from '../harness/index.ts'
import { IntentError, isInScope } from '../runtime/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import type { LiveRun } from './live-run.ts'
import type { Store } from './store/open-store.ts'
import { epochOf } from './store/run-store.ts'
import { takenOver } from './taken-over.ts'
import { type TrustDomain, trustDomainOf } from './trust-domain.ts'

/** What running a program needs. */
export interface ProgramMeans {
  readonly store: Store
  readonly engine: HarnessEngine
  readonly skip: { readonly analysis: boolean; readonly policies: boolean }
  readonly trustDomain: TrustDomain
}

/** A program as its author wrote it. */
export interface ProgramText {
  readonly source: string
  readonly language: ProgramLanguage
}

/** What differs between one program of a run and the next. */
export interface ProgramTurn extends Pick<HarnessRequest, 'expectedHash' | 'firstSeq'> {
  /** What becomes of wrong types, where the endpoint has them checked. Default `warn`. */
  readonly types?: 'warn' | 'refuse'
  /** What is left of the run's time, in milliseconds. Default: all that the endpoint gives. */
  readonly timeoutMs?: number
}

const OPEN = ['queued', 'running'] as const

/** Runs one program of a run through every gate of its endpoint. */
export function runProgram(
  run: LiveRun,
  program: ProgramText,
  turn: ProgramTurn,
  means: ProgramMeans,
): Promise<HarnessOutcome> {
  const { endpoint, record, signal } = run
  const { requester } = record
  const entrance = record.entrance === 'execute' ? 'execute' : 'intent'
  const scope = { requester, endpoint: endpoint.name, entrance } as const
  const trustDomain = trustDomainOf(means.trustDomain, scope)
  const { expectedHash, firstSeq = 0, types = 'warn', timeoutMs } = turn
  return means.engine.run({
    runId: record.runId,
    ...scope,
    sandbox: endpoint.sandbox,
    ...(trustDomain === undefined ? {} : { trustDomain }),
    source: program.source,
    language: program.language,
    intentAction: record.entrance === 'execute' ? 'read' : record.action,
    ...(record.intent === undefined ? {} : { intent: record.intent.raw }),
    ...(record.intent?.domain === undefined ? {} : { domain: record.intent.domain }),
    ...(record.sessionId === undefined ? {} : { sessionId: record.sessionId }),
    data: record.data,
    tools: endpoint.tools,
    policies: endpoint.policies,
    approvalRules: endpoint.approvalRules,
    validators: endpoint.validators,
    limits: timeoutMs === undefined ? endpoint.limits : { ...endpoint.limits, timeoutMs },
    determinism: record.determinism,
    typeCheck: endpoint.typeCheck === 'off' ? 'off' : types,
    ...(endpoint.toolTypes === undefined ? {} : { toolTypes: endpoint.toolTypes }),
    firstSeq,
    ...(expectedHash === undefined || record.lastTurns === undefined
      ? {}
      : { lastTurns: record.lastTurns }),
    journal: means.store.journal.heldIn(epochOf(record)),
    ...(expectedHash === undefined ? {} : { expectedHash }),
    skip: means.skip,
    signal,
    // Before anybody is asked or anything runs: whoever goes on with this run needs its program.
    onAdmitted: async ({ hash }, action) => {
      const { intent } = record
      if (record.entrance === 'intent')
        refuseOutOfScope(endpoint, { action, domain: intent?.domain })
      const { source, language } = program
      const patch = {
        action,
        ...(intent === undefined ? {} : { intent }),
        program: { source, language, hash, ...(firstSeq === 0 ? {} : { firstSeq }) },
      }
      const { runs } = means.store
      if (!(await runs.update(record.runId, OPEN, patch, epochOf(record)))) throw takenOver()
    },
  })
}

/** The intent may have called itself milder than its program is. */
function refuseOutOfScope(
  { intentScope }: AgentEndpoint,
  { action, domain }: { readonly action: Action; readonly domain: string | undefined },
): void {
  if (intentScope === undefined) return
  if (isInScope({ action, ...(domain === undefined ? {} : { domain }) }, intentScope)) return
  throw new IntentError('The program does more than this endpoint is there for')
}
