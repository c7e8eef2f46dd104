import type { ApprovalRequest, ApprovalWorkflow, Logger } from '../harness/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import type { AuthorizationPolicy } from './authorization/authorization-policy.ts'
import { currentOutcome } from './current-outcome.ts'
import { RequestError } from './errors.ts'
import { isReady } from './ready-approvals.ts'
import { type OutcomeResolution, OutcomeResolver } from './resolve-outcome.ts'
import { planRollback, type RollbackPlan } from './rollback/rollback-plan.ts'
import type { RunPath } from './run-intent.ts'
import type { RunLeases } from './run-leases.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { ClaimedUser } from './security/auth-user.ts'
import type { Store } from './store/open-store.ts'
import type { LeasedRun, RunFilter, RunRecord, RunStore } from './store/run-store.ts'
import { vouchedUser } from './vouched-user.ts'

const POLL_MS = 25

/** A run whose going on failed is looked at again after so many sweeps. */
const SWEEPS_TO_RECOVER = 30

/** How many runs are looked at together. */
const PAGE = 100

/** A run that takes its server down with it must not do so for ever. */
const MAX_INTERRUPTIONS = 20

/** What {@link Runs} works with. */
export interface RunsOptions {
  readonly started: () => Promise<{
    readonly store: Store
    readonly path: RunPath
    readonly approvals: ApprovalWorkflow
  }>
  readonly endpoint: (name: string) => AgentEndpoint | null
  readonly leases: RunLeases
  readonly authorization: AuthorizationPolicy
  readonly clock: () => number
  readonly logger: Logger
}

/** Runs, in code: reads them, waits for them, and goes on with those that waited for a person. */
export class Runs {
  readonly #started: RunsOptions['started']
  readonly #endpoint: (name: string) => AgentEndpoint | null
  readonly #leases: RunLeases
  readonly #resolver: OutcomeResolver
  readonly #logger: Logger
  readonly #background = new Set<Promise<unknown>>()
  #sweeps = 0

  constructor(options: RunsOptions) {
    this.#started = options.started
    this.#endpoint = options.endpoint
    this.#leases = options.leases
    this.#resolver = new OutcomeResolver(options)
    this.#logger = options.logger
  }

  /** What a run came to, or where it stands; `null` when there is none with this id. */
  async get(runId: string): Promise<RunOutcome | null> {
    const { store } = await this.#started()
    const run = await store.runs.get(runId)
    return run === null ? null : currentOutcome(run)
  }

  /**
   * Resolves when the run has ended or waits for a person.
   *
   * @throws {Error} The signal's reason, when it is aborted first; `RangeError` for an unknown run.
   */
  async wait(runId: string, options: { readonly signal?: AbortSignal } = {}): Promise<RunOutcome> {
    for (;;) {
      options.signal?.throwIfAborted()
      const outcome = await this.get(runId)
      if (outcome === null) throw new RangeError('There is no such run')
      if (outcome.status !== 'queued' && outcome.status !== 'running') return outcome
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  /** Runs, newest first. */
  async list(filter: RunFilter = {}): Promise<readonly RunOutcome[]> {
    const { store } = await this.#started()
    return (await store.runs.list(filter)).map(currentOutcome)
  }

  /**
   * Says what became of a call that was on its way when its process died. When it resolves, what was said
   * is durable, and the run is on its way once every such call of it is resolved.
   *
   * @returns The run as it stands now.
   * @throws {RequestError} `ERR_RUN_NOT_FOUND`; `ERR_RUN_CONFLICT` when the run does not wait for this or
   * somebody was faster; `ERR_REQUEST_INVALID` when the answer does not fit the tool's schema.
   * @throws {AuthorizationError} When the operator may not, or asked for the run themselves.
   *
   * @example
   * ```ts
   * const operator = { userId: 'ada', roles: ['admin'] }
   * await app.runs.resolve(runId, { outcome: 'happened', seq: 2, answer: { id: 'r-1' }, operator })
   * ```
   */
  async resolve(runId: string, resolution: OutcomeResolution): Promise<RunOutcome> {
    const before = await this.#resolver.resolve(runId, resolution)
    await this.#goOnResolved(runId)
    return (await this.get(runId)) ?? currentOutcome(before)
  }

  /**
   * What a rollback would do: which calls it undoes, and which would stay and why.
   *
   * @throws {RequestError} `ERR_RUN_NOT_FOUND`, or `ERR_RUN_CONFLICT` when its endpoint is not served here.
   */
  async rollbackPlan(runId: string): Promise<RollbackPlan> {
    const { run, endpoint, store } = await this.#runAndEndpoint(runId)
    return planRollback(store, run, endpoint.tools)
  }

  /**
   * Undoes the completed calls of a run that has ended, the latest first, by the `revert` of their tools. The
   * rollback is a run of its own: authorized, judged by the policies of now, approved, sandboxed, journalled
   * and gone on with after a crash like any other. By default it undoes all or nothing.
   *
   * @returns How the rollback ended or where it waits: `result.undone` lists the calls. `ERR_RUN_CONFLICT` when
   * the run has not ended, `ERR_ROLLBACK_INCOMPLETE` when some calls would stay; nothing is undone then.
   * @throws {RequestError} `ERR_RUN_NOT_FOUND`, or `ERR_RUN_CONFLICT` when it is being undone already.
   *
   * @example
   * ```ts
   * const { status } = await app.runs.rollback(runId, { user: { userId: 'ada', roles: ['admin'] } })
   * ```
   */
  async rollback(
    runId: string,
    { user, partial = false }: { readonly user: ClaimedUser | null; readonly partial?: boolean },
  ): Promise<RunOutcome> {
    const { run, endpoint, path } = await this.#runAndEndpoint(runId)
    return path.rollback(endpoint, run, {
      user: vouchedUser(user),
      isPartial: partial === true,
    })
  }

  async #runAndEndpoint(runId: string) {
    const { store, path } = await this.#started()
    const run = await store.runs.get(runId)
    if (run === null) throw new RequestError('ERR_RUN_NOT_FOUND', 'There is no such run of yours')
    const endpoint = this.#endpoint(run.endpoint)
    if (endpoint !== null) return { run, endpoint, store, path }
    throw new RequestError('ERR_RUN_CONFLICT', 'No process here serves the endpoint of this run')
  }

  /** Goes on with the run of a decided request; resolves once the run is on its way. */
  async goOn(request: ApprovalRequest): Promise<void> {
    const { store, path } = await this.#started()
    const run = await store.runs.get(request.runId)
    if (run === null || run.status !== 'pending_approval') return
    if (request.state === 'rejected') {
      const reason = request.decision?.reason
      const message =
        reason === undefined ? 'An approver said no' : `An approver said no: ${reason}`
      const error = { code: 'ERR_APPROVAL_REJECTED', message, findings: [] } as const
      return path.refuse(run, { status: 'rejected', error })
    }
    if (request.state === 'expired') {
      const error = {
        code: 'ERR_APPROVAL_EXPIRED',
        message: 'Nobody decided in time',
        findings: [],
      } as const
      return path.refuse(run, { status: 'expired', error })
    }
    if (request.state === 'approved' && (await this.#isReady(request, run))) await this.#resume(run)
  }

  /** Expires and escalates what is due; now and then looks at every run that waits. */
  sweep(): void {
    this.#sweeps += 1
    if (this.#sweeps % SWEEPS_TO_RECOVER === 0) this.recover()
    this.#inBackground('Approvals could not be swept', async ({ approvals }) => {
      for (const { runId } of await approvals.sweep()) this.recheck(runId)
    })
  }

  /** Goes on with a run that waits, if one of its requests has been decided or has expired. */
  recheck(runId: string): void {
    this.#inBackground('A waiting run could not be looked at', () => this.#lookAt(runId))
  }

  /**
   * Looks at every run that waits: its request may have been decided while the process was down, or
   * going on with it may have failed. Takes over the runs of processes that have died.
   */
  recover(): void {
    this.#inBackground('Interrupted runs could not be looked through', ({ store }) =>
      this.#takeOverAbandoned(store.runs),
    )
    this.#inBackground('Waiting runs could not be looked through', ({ store }) =>
      this.#recheckWaiting(store.runs),
    )
  }

  /** Closes the requests that a run which has ended leaves open. */
  withdrawRequests(runId: string): void {
    this.#inBackground('Requests of an ended run could not be closed', ({ approvals }) =>
      approvals.withdraw(runId),
    )
  }

  /** Resolves when nothing goes on in the background. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.allSettled([...this.#background])
  }

  #inBackground(
    complaint: string,
    work: (parts: Awaited<ReturnType<RunsOptions['started']>>) => Promise<void>,
  ): void {
    this.#keep(
      this.#started()
        .then(work)
        .catch((error: unknown) => this.#logger.error({ err: error }, complaint)),
    )
  }

  async #lookAt(runId: string): Promise<void> {
    const { approvals, store } = await this.#started()
    const [requests, run] = await Promise.all([
      approvals.list({ runId, limit: 1_000 }),
      store.runs.get(runId),
    ])
    if (run?.status === 'outcome_unknown') return this.#goOnResolved(runId)
    if (run === null || run.status !== 'pending_approval') return
    const refused = requests.find(({ state }) => state === 'rejected' || state === 'expired')
    if (refused !== undefined) return this.goOn(refused)
    if (!requests.some(({ state }) => state === 'approved')) return
    const seen = { all: requests, madeCalls: await this.#madeCalls(runId) }
    if (requests.some((request) => isReady(request, run, seen))) await this.#resume(run)
  }

  async #isReady(request: ApprovalRequest, run: RunRecord): Promise<boolean> {
    const { approvals } = await this.#started()
    const [all, madeCalls] = await Promise.all([
      approvals.list({ runId: run.runId, limit: 1_000 }),
      this.#madeCalls(run.runId),
    ])
    return isReady(request, run, { all, madeCalls })
  }

  async #madeCalls(runId: string): Promise<ReadonlySet<number>> {
    const { store } = await this.#started()
    return new Set((await store.journal.read(runId)).map(({ seq }) => seq))
  }

  async #goOnResolved(runId: string): Promise<void> {
    const resumed = await this.#resolver.goOn(runId)
    if (resumed === null) return
    this.#keep(
      resumed.outcome.catch((error: unknown) => {
        this.#logger.error({ err: error, runId }, 'Run could not be resumed')
      }),
    )
  }

  async #takeOverAbandoned(runs: RunStore): Promise<void> {
    const now = Date.now()
    const deadOwners = this.#leases.deadAmong(await runs.holders(now))
    let after: { readonly after?: string } = {}
    for (;;) {
      const page = await runs.listAbandoned({ now, deadOwners, limit: PAGE, ...after })
      for (const seen of page) await this.#takeOver(seen)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return
      after = { after: last.run.runId }
    }
  }

  async #recheckWaiting(runs: RunStore): Promise<void> {
    const waiting = { statuses: ['pending_approval', 'outcome_unknown'], limit: PAGE } as const
    let before: { readonly before?: string } = {}
    for (;;) {
      const page = await runs.list({ ...waiting, ...before })
      for (const { runId } of page) this.recheck(runId)
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return
      before = { before: last.runId }
    }
  }

  async #takeOver(seen: LeasedRun): Promise<void> {
    const { runId, endpoint: name } = seen.run
    const endpoint = this.#endpoint(name)
    // Another process may serve it: the run stays where it is until one looks. One that is under way here
    // was only slow to renew.
    if (endpoint === null || this.#leases.holds(runId)) return
    const { store, path } = await this.#started()
    const run = await store.runs.takeOver(seen, this.#leases.next())
    if (run === null) return
    const { interruptions } = seen
    const fields = { runId, holder: seen.lease.owner, interruptions }
    this.#logger.warn(fields, 'Goes on with a run left behind')
    const work =
      interruptions < MAX_INTERRUPTIONS
        ? path.recover(endpoint, run)
        : path.giveUp(endpoint, run, interruptions + 1)
    this.#keep(
      work.catch((error: unknown) => {
        this.#logger.error({ err: error, runId }, 'Run could not be gone on with')
      }),
    )
  }

  async #resume(run: RunRecord): Promise<void> {
    const endpoint = this.#endpoint(run.endpoint)
    const { path } = await this.#started()
    if (endpoint === null) {
      // Another process may serve it; the run keeps waiting until one does.
      this.#logger.warn(
        { runId: run.runId, endpoint: run.endpoint },
        'No such endpoint here to resume',
      )
      return
    }
    const resumed = await path.resume(endpoint, run)
    if (resumed === null) return
    this.#keep(
      resumed.outcome.catch((error: unknown) => {
        this.#logger.error({ err: error, runId: run.runId }, 'Run could not be resumed')
      }),
    )
  }

  /** Keeps a promise that never rejects until it is settled, so that closing can wait for it. */
  #keep(work: Promise<unknown>): void {
    this.#background.add(work)
    void work.finally(() => this.#background.delete(work))
  }
}
