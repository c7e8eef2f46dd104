import type { ApprovalRequest, ApprovalWorkflow, Logger } from '../harness/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import type { RunPath } from './run-intent.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { Store } from './store/open-store.ts'
import type { RunRecord } from './store/run-store.ts'

const POLL_MS = 25

/** What {@link Runs} works with. */
export interface RunsOptions {
  readonly started: () => Promise<{
    readonly store: Store
    readonly path: RunPath
    readonly approvals: ApprovalWorkflow
  }>
  readonly endpoint: (name: string) => AgentEndpoint | null
  readonly logger: Logger
}

/** Runs, in code: reads them, waits for them, and goes on with those that waited for a person. */
export class Runs {
  readonly #started: RunsOptions['started']
  readonly #endpoint: (name: string) => AgentEndpoint | null
  readonly #logger: Logger
  readonly #resuming = new Map<string, Promise<unknown>>()
  readonly #background = new Set<Promise<void>>()

  constructor(options: RunsOptions) {
    this.#started = options.started
    this.#endpoint = options.endpoint
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
      await this.#resuming.get(runId)
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

  /** Expires and escalates what is due. */
  sweep(): void {
    this.#inBackground('Approvals could not be swept', async ({ approvals }) => {
      for (const request of await approvals.sweep()) await this.goOn(request)
    })
  }

  /** Goes on with a run that has just come to wait, if its request was decided in the meantime. */
  recheck(approvalId: string): void {
    this.#inBackground('An approval could not be looked at', async ({ approvals }) => {
      const request = await approvals.get(approvalId)
      if (request !== null) await this.goOn(request)
    })
  }

  /** Goes on with runs whose request was decided while the process was down. */
  recover(): void {
    this.#inBackground('Waiting runs could not be looked through', () => this.#pickUpDecided())
  }

  /** Resolves when nothing goes on in the background. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.allSettled([...this.#background])
  }

  #inBackground(
    complaint: string,
    work: (parts: Awaited<ReturnType<RunsOptions['started']>>) => Promise<void>,
  ): void {
    const done: Promise<void> = this.#started()
      .then(work)
      .catch((error: unknown) => this.#logger.error({ err: error }, complaint))
      .finally(() => this.#background.delete(done))
    this.#background.add(done)
  }

  async #pickUpDecided(): Promise<void> {
    const { store, approvals } = await this.#started()
    for (const run of await store.runs.list({ statuses: ['pending_approval'], limit: 1_000 })) {
      const requests = await approvals.list({ runId: run.runId })
      const isOpen = requests.some(({ state }) => state === 'pending' || state === 'escalated')
      const decided = requests.find(({ state }) => state !== 'approved') ?? requests[0]
      if (!isOpen && decided !== undefined) await this.goOn(decided)
    }
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
    const settled = resumed.outcome
      .catch((error: unknown) => {
        this.#logger.error({ err: error, runId: run.runId }, 'Run could not be resumed')
      })
      .finally(() => this.#resuming.delete(run.runId))
    this.#resuming.set(run.runId, settled)
  }
}

/** The stored outcome, or for a run that goes on an outcome that says so. */
export function currentOutcome(run: RunRecord): RunOutcome {
  const stored = run.outcome as RunOutcome | undefined
  if (stored !== undefined && run.status === stored.status) return stored
  return {
    runId: run.runId,
    status: run.status,
    findings: stored?.findings ?? [],
    toolCalls: stored?.toolCalls ?? [],
    console: stored?.console ?? [],
    usage: stored?.usage ?? { wallMs: 0, cpuMs: 0, peakMemoryBytes: 0, outputBytes: 0 },
  }
}
