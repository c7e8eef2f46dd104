import type { ApprovalRequest, ApprovalWorkflow, Logger } from '../harness/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import { currentOutcome } from './current-outcome.ts'
import type { RunPath } from './run-intent.ts'
import type { RunLeases } from './run-leases.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { Store } from './store/open-store.ts'
import type { LeasedRun, RunRecord } from './store/run-store.ts'

const POLL_MS = 25

/** A run whose going on failed is looked at again after so many sweeps. */
const SWEEPS_TO_RECOVER = 30

/** What {@link Runs} works with. */
export interface RunsOptions {
  readonly started: () => Promise<{
    readonly store: Store
    readonly path: RunPath
    readonly approvals: ApprovalWorkflow
  }>
  readonly endpoint: (name: string) => AgentEndpoint | null
  readonly leases: RunLeases
  readonly logger: Logger
}

/** Runs, in code: reads them, waits for them, and goes on with those that waited for a person. */
export class Runs {
  readonly #started: RunsOptions['started']
  readonly #endpoint: (name: string) => AgentEndpoint | null
  readonly #leases: RunLeases
  readonly #logger: Logger
  readonly #background = new Set<Promise<unknown>>()
  #sweeps = 0

  constructor(options: RunsOptions) {
    this.#started = options.started
    this.#endpoint = options.endpoint
    this.#leases = options.leases
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
    if (request.state === 'approved') await this.#resume(run)
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
    this.#inBackground('Interrupted runs could not be looked through', async ({ store }) => {
      for (const seen of await store.runs.listLeased(1_000)) {
        if (this.#leases.isFree(seen.lease)) await this.#takeOver(seen)
      }
    })
    this.#inBackground('Waiting runs could not be looked through', async ({ store }) => {
      for (const { runId } of await store.runs.list({
        statuses: ['pending_approval'],
        limit: 1_000,
      })) {
        this.recheck(runId)
      }
    })
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
    if (run === null || run.status !== 'pending_approval') return
    const refused = requests.find(({ state }) => state === 'rejected' || state === 'expired')
    const awaited = currentOutcome(run).approvalId
    const approved = requests.find(
      ({ id, state, decision }) =>
        state === 'approved' && (id === awaited || (decision?.decidedAt ?? 0) > run.updatedAt),
    )
    const decided = refused ?? approved
    if (decided !== undefined) await this.goOn(decided)
  }

  async #takeOver(seen: LeasedRun): Promise<void> {
    const { run } = seen
    const endpoint = this.#endpoint(run.endpoint)
    // Another process may serve it: the run stays where it is until one looks.
    if (endpoint === null) return
    const { store, path } = await this.#started()
    if (!(await store.runs.takeOver(seen, this.#leases.next()))) return
    this.#logger.warn(
      { runId: run.runId, holder: seen.lease.owner },
      'Goes on with a run left behind',
    )
    this.#keep(
      path.recover(endpoint, run).catch((error: unknown) => {
        this.#logger.error({ err: error, runId: run.runId }, 'Run could not be gone on with')
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
