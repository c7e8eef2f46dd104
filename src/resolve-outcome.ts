import { type JsonValue, unknownCalls } from '../harness/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import type { AuthorizationPolicy } from './authorization/authorization-policy.ts'
import { Operation } from './authorization/operation.ts'
import { AuthorizationError, RequestError } from './errors.ts'
import type { RunPath } from './run-intent.ts'
import type { AuthUser, ClaimedUser } from './security/auth-user.ts'
import type { Store } from './store/open-store.ts'
import type { RunResolution } from './store/resolution-store.ts'
import type { RunRecord } from './store/run-store.ts'
import { vouchedUser } from './vouched-user.ts'

/** What an operator says of a call that was on its way when its process died. */
export interface OutcomeResolution {
  /**
   * `happened`: it took effect, and this is its answer. `repeat`: it did not, make it again. `end`: leave it
   * at that and end the run.
   */
  readonly outcome: 'happened' | 'repeat' | 'end'
  /** The place of the call, as {@link RunOutcome.unknownCalls} lists it; not with `end`. */
  readonly seq?: number
  /** What the call answered: checked by the tool's output schema. Only with `happened`. Default null. */
  readonly answer?: JsonValue
  /** Kept on the run's record. Cut at 2 000 characters. */
  readonly reason?: string
  /** Who says so; never the requester of the run. */
  readonly operator: ClaimedUser
}

/** What resolving works with. */
export interface ResolverOptions {
  readonly started: () => Promise<{ readonly store: Store; readonly path: RunPath }>
  readonly endpoint: (name: string) => AgentEndpoint | null
  readonly authorization: AuthorizationPolicy
  readonly clock: () => number
}

const MAX_REASON_LENGTH = 2_000

/**
 * Takes the word of operators about calls whose outcome nobody knows. Four eyes: whoever asked for the run
 * does not say what became of it. Every word is on the run's record, with who said it.
 */
export class OutcomeResolver {
  readonly #options: ResolverOptions

  constructor(options: ResolverOptions) {
    this.#options = options
  }

  /**
   * Resolves once what was said is durable.
   *
   * @returns The run, as it stood before it.
   * @throws {RequestError} `ERR_RUN_NOT_FOUND`; `ERR_RUN_CONFLICT` when the run does not wait for this, or
   * somebody was faster; `ERR_REQUEST_INVALID` when the answer does not fit the tool's schema.
   * @throws {AuthorizationError} When the operator may not, or is the requester.
   */
  async resolve(runId: string, resolution: OutcomeResolution): Promise<RunRecord> {
    const { store } = await this.#options.started()
    const operator = vouchedUser(resolution.operator)
    if (operator === null) throw new TypeError('A resolution needs an operator')
    const run = await store.runs.get(runId)
    if (run === null) throw new RequestError('ERR_RUN_NOT_FOUND', 'There is no such run of yours')
    await this.#authorize(run, operator)
    if (run.status !== 'outcome_unknown') {
      throw conflict(`The run is ${run.status}: there is nothing to resolve`)
    }
    const said = {
      ...(await this.#read(run, resolution)),
      operatorId: operator.userId,
      ...(resolution.reason === undefined
        ? {}
        : { reason: String(resolution.reason).slice(0, MAX_REASON_LENGTH) }),
      decidedAt: this.#options.clock(),
    }
    if (await store.resolutions.resolve(run, said)) return run
    throw conflict('Somebody else has resolved this call, or ended the run')
  }

  /** Goes on with a run of which everything has been said; does nothing with others. */
  async goOn(runId: string): Promise<{ readonly outcome: Promise<unknown> } | null> {
    const { store, path } = await this.#options.started()
    const run = await store.runs.get(runId)
    if (run?.status !== 'outcome_unknown') return null
    const end = (await store.resolutions.list(runId)).find(({ outcome }) => outcome === 'end')
    if (end !== undefined) {
      await path.refuse(run, { status: 'cancelled', error: endedBy(end) })
      return null
    }
    const endpoint = this.#options.endpoint(run.endpoint)
    if (endpoint === null || run.program === undefined) return null
    if ((await this.#open(run, endpoint)).length > 0) return null
    return path.resume(endpoint, run)
  }

  async #authorize(run: RunRecord, operator: AuthUser): Promise<void> {
    const { requester } = run
    await this.#options.authorization.authorize({
      user: operator,
      operation: Operation.RESOLVE_RUN,
      resource: {
        ...(requester === null ? {} : { ownerId: requester.userId }),
        ...(requester?.tenantId === undefined ? {} : { tenantId: requester.tenantId }),
      },
    })
    if (requester?.userId === operator.userId) {
      throw new AuthorizationError(
        'Whoever asked for a run may not say what became of its calls: ask another operator',
      )
    }
  }

  async #read(
    run: RunRecord,
    { outcome, seq, answer = null }: OutcomeResolution,
  ): Promise<Pick<RunResolution, 'seq' | 'outcome' | 'answer'>> {
    if (outcome === 'end') return { seq: null, outcome }
    if (outcome !== 'happened' && outcome !== 'repeat') {
      throw invalid('An outcome is "happened", "repeat" or "end"')
    }
    const declared = this.#options.endpoint(run.endpoint)
    if (declared === null) throw conflict('No process here serves the endpoint of this run')
    const { path } = await this.#options.started()
    const endpoint = await path.served(declared, run)
    const call = (await this.#open(run, declared)).find((entry) => entry.seq === seq)
    if (seq === undefined || call === undefined) {
      throw conflict('The run does not wait for a word about this call')
    }
    const tool = endpoint.tools.find(({ name }) => name === call.tool)
    if (tool === undefined) {
      throw conflict(`Tool "${call.tool}" is not granted any more: grant it, or end the run`)
    }
    if (outcome === 'repeat') return { seq, outcome }
    const text = JSON.stringify(answer)
    if (text === undefined || text.length > endpoint.limits.maxMessageBytes) {
      throw invalid('The answer must be JSON that fits into a message')
    }
    const value: JsonValue = JSON.parse(text)
    const checked = await tool.output?.validate(value)
    if (checked === undefined) return { seq, outcome, answer: value }
    if (checked.ok) return { seq, outcome, answer: checked.value }
    throw invalid(`No answer of tool "${tool.name}": ${checked.problems.join('; ')}`)
  }

  async #open(run: RunRecord, declared: AgentEndpoint) {
    const { store, path } = await this.#options.started()
    const { tools } = await path.served(declared, run)
    const { firstSeq = 0 } = run.program ?? {}
    const entries = await store.journal.read(run.runId)
    const own = entries.filter(({ seq }) => seq >= firstSeq)
    return unknownCalls(own, new Map(tools.map((tool) => [tool.name, tool])))
  }
}

function endedBy({ reason }: RunResolution) {
  const why = reason === undefined ? '' : `: ${reason}`
  const message = `An operator ended the run without knowing what became of its last calls${why}`
  return { code: 'ERR_RUN_OUTCOME_UNKNOWN', message, findings: [] } as const
}

function conflict(message: string): RequestError {
  return new RequestError('ERR_RUN_CONFLICT', message)
}

function invalid(message: string): RequestError {
  return new RequestError('ERR_REQUEST_INVALID', message)
}
