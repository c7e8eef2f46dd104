import {
  type ApprovalRequest,
  type ApprovalWorkflow,
  type AuditRecorder,
  ConfigurationError,
  HarnessEngine,
  type IsolationFacts,
  type Logger,
  ProgramReader,
  type Tool,
} from '../harness/index.ts'
import { AgentRuntime, ToolRegistry } from '../runtime/index.ts'
import {
  type AgentEndpoint,
  type AgentEndpointOptions,
  type AgentHandler,
  resolveEndpoint,
  type ScopeOptions,
} from './agent-endpoint.ts'
import { AgentRouter, type RouterOptions } from './agent-router.ts'
import type { AgenticAppOptions, ListenOptions } from './agentic-app-options.ts'
import { ApprovalEvents } from './approval-events.ts'
import { Approvals } from './approvals.ts'
import { Audit } from './audit/audit.ts'
import type { AuthorizationPolicy } from './authorization/authorization-policy.ts'
import { ProductionAuthorizationPolicy } from './authorization/production-authorization-policy.ts'
import { checkAppOptions } from './check-app-options.ts'
import { withDefaultValidators } from './default-validators.ts'
import { drain } from './drain.ts'
import { RequestError } from './errors.ts'
import { ApprovalStreams } from './http/approval-stream.ts'
import { createAppPort } from './http/create-app-port.ts'
import { createHttpApp } from './http/create-http-app.ts'
import { type RunningServer, serve } from './http/node-server.ts'
import { openAppStore } from './open-app-store.ts'
import { type OpenedApprovals, openApprovals } from './open-approvals.ts'
import { openTypeChecker } from './open-type-checker.ts'
import { RunPath } from './run-intent.ts'
import { RunLeases } from './run-leases.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { IntentCall, ProgramCall } from './run-request.ts'
import { Runs } from './runs.ts'
import { Sandboxes } from './sandboxes.ts'
import type { Store } from './store/open-store.ts'
import { createLogger } from './telemetry/logger.ts'
import { vouchedUser } from './vouched-user.ts'

export type { AgenticAppOptions, ListenOptions } from './agentic-app-options.ts'

const SWEEP_MS = 1_000
const DRAIN = { patienceMs: 10_000, graceMs: 5_000 }

/** The parts of a started app. */
interface Started {
  readonly store: Store
  readonly path: RunPath
  readonly approvals: ApprovalWorkflow
  readonly opened: OpenedApprovals
  readonly audit: AuditRecorder
}

/**
 * An app: agent endpoints behind one path. Declare endpoints, then `listen()`, hand `fetch` to any
 * server, or call `run` and `execute` in code: all of them pass the same gates.
 *
 * @example
 * ```ts
 * const app = new AgenticApp({ title: 'Shop', store: ':memory:', model, auth })
 * app.agentEndpoint({ name: 'analytics', tools: [orders] })
 * await app.listen({ port: 8787 })
 * ```
 */
export class AgenticApp {
  readonly title: string
  /** Decides and lists approval requests in code. */
  readonly approvals: Approvals
  /** Searches, checks, exports and erases what is on record, in code. */
  readonly audit: Audit
  /** Reads runs, and waits for them, in code. */
  readonly runs: Runs
  /** A plain fetch handler with every route. */
  readonly fetch: (request: Request) => Promise<Response>
  readonly #options: AgenticAppOptions
  readonly #authorization: AuthorizationPolicy
  readonly #logger: Logger
  readonly #clock: () => number
  readonly #endpoints = new Map<string, AgentEndpoint>()
  readonly #tools = new ToolRegistry()
  readonly #reader = new ProgramReader()
  readonly #sandboxes: Sandboxes
  readonly #leases: RunLeases
  readonly #events: ApprovalEvents
  readonly #streams = new ApprovalStreams()
  #typeChecker: ReturnType<typeof openTypeChecker> = null
  #started: Promise<Started> | null = null
  #sweep: NodeJS.Timeout | null = null
  #server: Promise<RunningServer> | null = null
  #closing: Promise<void> | null = null

  /** @throws {ConfigurationError} Names the mistake and the fix. */
  constructor(options: AgenticAppOptions) {
    checkAppOptions(options ?? {})
    this.#options = options
    this.title = options.title
    this.#authorization = options.authorization ?? new ProductionAuthorizationPolicy()
    this.#logger = options.logger ?? createLogger({ level: 'warn' })
    this.#clock = options.clock ?? Date.now
    this.#sandboxes = new Sandboxes(options.sandbox ?? {}, this.#logger)
    if (options.unsafe !== undefined) {
      this.#logger.error({ unsafe: options.unsafe }, 'UNSAFE: layers are switched off for testing')
    }
    this.#events = new ApprovalEvents({
      store: async () => (await this.#parts()).store.approvalEvents,
      clock: this.#clock,
      logger: this.#logger,
    })
    this.approvals = new Approvals({
      opened: async () => (await this.#admit()).opened,
      events: this.#events,
      onDecided: (request) => this.runs.goOn(request),
      logger: this.#logger,
    })
    this.audit = new Audit(async () => (await this.#admit()).store.auditLog)
    this.#leases = new RunLeases({ logger: this.#logger })
    this.runs = new Runs({
      leases: this.#leases,
      started: () => this.#parts(),
      endpoint: (name) => this.#endpoints.get(name) ?? null,
      authorization: this.#authorization,
      clock: this.#clock,
      logger: this.#logger,
    })
    const http = createHttpApp(this.#port(), this.#logger)
    this.fetch = async (request) => http.fetch(request)
  }

  /**
   * Declares an endpoint. With a handler it runs the author's own code; without one the model writes a
   * program for each intent.
   *
   * @throws {ConfigurationError} A name that is taken, an unknown option, no authentication without
   * `public: true`, or nothing that could answer.
   */
  agentEndpoint(options: AgentEndpointOptions, handler?: AgentHandler): void {
    this.#declare(options, [], '', handler)
  }

  /** Groups endpoints under a prefix with options of their own. */
  router(options: RouterOptions): AgentRouter {
    return new AgentRouter(options, (endpoint, handler) =>
      this.#declare(endpoint, [options], options.prefix, handler),
    )
  }

  /**
   * Makes a tool known to the host, so that endpoints can grant it by name. Knowing it grants it to nobody.
   *
   * @throws {ConfigurationError} When another tool has the name already.
   */
  registerTool(tool: Tool): void {
    this.#tools.register(tool)
  }

  /** Sends an intent down the path, without HTTP. The caller vouches for `user`. */
  async run({ endpoint, user, ...request }: IntentCall): Promise<RunOutcome> {
    const declared = this.#endpointOf(endpoint)
    const { path } = await this.#admit()
    return path.intent(declared, { ...request, user: vouchedUser(user) })
  }

  /** Sends a program of the caller's down the path, without HTTP. The caller vouches for `user`. */
  async execute({ endpoint, user, ...request }: ProgramCall): Promise<RunOutcome> {
    const declared = this.#endpointOf(endpoint)
    const { path } = await this.#admit()
    return path.execute(declared, { ...request, user: vouchedUser(user) })
  }

  /** What separates programs from the host, verified on a running child. */
  isolation(): Promise<IsolationFacts> {
    return this.#sandboxes.probe()
  }

  /** Opens the store and gets everything ready. `listen`, `run` and `fetch` do it by themselves. */
  async start(): Promise<void> {
    await this.#admit()
  }

  /** What comes from outside is let in until the app is closed; what is under way may go on. */
  async #admit(): Promise<Started> {
    this.#refuseIfClosed()
    return this.#parts()
  }

  #refuseIfClosed(): void {
    if (this.#closing !== null) throw new RequestError('ERR_OVERLOADED', 'The app is closed')
  }

  #parts(): Promise<Started> {
    if (this.#closing !== null && this.#started === null) {
      return Promise.reject(new RequestError('ERR_OVERLOADED', 'The app is closed'))
    }
    this.#started ??= this.#open().catch((error: unknown) => {
      // The next call may find the store in order again.
      this.#started = null
      throw error
    })
    return this.#started
  }

  /**
   * Serves HTTP until `close()`. An app listens once.
   *
   * @throws {ConfigurationError} The app listens already, layers are switched off, or the authorization
   * policy allows everything and the address is not this machine's own.
   * @throws {RequestError} `ERR_OVERLOADED` when the app is closed, before it or meanwhile: nothing listens.
   */
  async listen(options: ListenOptions = {}): Promise<RunningServer> {
    const hostname = options.hostname ?? '127.0.0.1'
    if (this.#options.unsafe !== undefined) {
      throw new ConfigurationError('An app with `unsafe` layers never listens; remove the option')
    }
    if (this.#authorization.requiresLoopback && !isLoopback(hostname)) {
      throw new ConfigurationError(
        'This authorization policy allows everything and may listen on 127.0.0.1 or ::1 only',
      )
    }
    if (this.#server !== null) {
      throw new ConfigurationError('The app listens already; use another app for another address')
    }
    this.#server = this.#serve(options.port ?? 8787, hostname)
    try {
      return await this.#server
    } catch (error) {
      // A port that was taken may be free for the next call.
      this.#server = null
      throw error
    }
  }

  async #serve(port: number, hostname: string): Promise<RunningServer> {
    await this.start()
    this.#refuseIfClosed()
    const server = await serve(this.fetch, { port, hostname })
    if (this.#closing !== null) await server.close()
    this.#refuseIfClosed()
    return server
  }

  /**
   * Takes nothing new, lets what runs finish for up to ten seconds, and leaves no child and no handle. A
   * run that does not end within five seconds of being told to is left behind. Every call resolves when
   * the first one does.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const server = await this.#server?.catch(() => null)
    // They would keep the server waiting.
    this.#streams.close()
    await server?.close()
    const started = await this.#started?.catch(() => null)
    // Only now: a start that was under way has set it meanwhile.
    if (this.#sweep !== null) clearInterval(this.#sweep)
    if (started) await this.#drain(started)
    this.#leases.stop()
    const endpoints = [...this.#endpoints.values()]
    const granted = endpoints.flatMap(({ policies, tools }) => [...policies, ...tools])
    const owned = new Set([...granted, ...this.#tools.list()])
    await Promise.all([
      this.#sandboxes.close(),
      this.#reader.close(),
      this.#typeChecker?.close(),
      ...[...owned].map((part) => part.close?.()),
    ])
    await started?.opened.close()
    await started?.store.close()
  }

  async #drain({ path }: Started): Promise<void> {
    const idle = () => path.idle().then(() => this.runs.idle().then(() => path.idle()))
    const isDone = await drain({ idle, cancelAll: () => path.cancelAll() }, DRAIN)
    if (!isDone) this.#logger.error({}, 'A run ignored its signal and is left behind')
  }

  #declare(
    options: AgentEndpointOptions,
    scopes: readonly ScopeOptions[],
    prefix: string,
    handler: AgentHandler | undefined,
  ): void {
    const endpoint = resolveEndpoint(options, [this.#options, ...scopes], {
      prefix,
      handler: handler ?? null,
      registered: this.#tools,
      sandboxes: this.#sandboxes,
      hasModel: this.#options.model !== undefined,
    })
    if (this.#endpoints.has(endpoint.name)) {
      throw new ConfigurationError(`There are two endpoints "${endpoint.name}"; rename one`)
    }
    if (
      endpoint.handler === null &&
      !endpoint.acceptsPrograms &&
      this.#options.model === undefined
    ) {
      throw new ConfigurationError(
        `Nothing can answer at "${endpoint.name}": give the app a \`model\`, the endpoint a handler, or say \`execute: true\``,
      )
    }
    this.#endpoints.set(endpoint.name, withDefaultValidators(endpoint))
  }

  #endpointOf(name: string): AgentEndpoint {
    const endpoint = this.#endpoints.get(name)
    if (endpoint !== undefined) return endpoint
    throw new RequestError('ERR_ENDPOINT_NOT_FOUND', 'There is no such endpoint')
  }

  async #open(): Promise<Started> {
    const { model, notifiers = [] } = this.#options
    const store = await openAppStore(this.#options, this.#logger)
    const opened = openApprovals({
      store,
      authorization: this.#authorization,
      notifiers,
      events: this.#events,
      endpointOf: (request) => this.#servedFor(request),
      clock: this.#clock,
      logger: this.#logger,
    })
    const approvals = opened.workflow
    this.#typeChecker ??= openTypeChecker(this.#logger)
    const engine = new HarnessEngine({
      reader: this.#reader,
      sandbox: this.#sandboxes.for({}),
      journal: store.journal,
      approvals,
      ...(this.#typeChecker === null ? {} : { typeChecker: this.#typeChecker }),
      clock: this.#clock,
      logger: this.#logger,
    })
    const path = new RunPath({
      store,
      audit: store.audit,
      engine,
      runtime: model === undefined ? null : new AgentRuntime({ model }),
      authorization: this.#authorization,
      logger: this.#logger,
      clock: this.#clock,
      maxIntentLength: this.#options.maxIntentLength ?? 16_384,
      skip: {
        analysis: this.#options.unsafe?.skipAnalysis ?? false,
        policies: this.#options.unsafe?.skipPolicies ?? false,
      },
      trustDomain: this.#sandboxes.trustDomain,
      leases: this.#leases,
      onWaiting: (runId) => this.runs.recheck(runId),
      onRequestsLeft: (runId) => this.runs.withdrawRequests(runId),
    })
    this.#reader.warm()
    const started = { store, path, approvals, opened, audit: store.audit }
    this.#sweep = setInterval(() => {
      this.runs.sweep()
      opened.sweep()
    }, SWEEP_MS)
    this.#sweep.unref()
    this.#leases.start(store.runs, (hold) => path.letGo(hold))
    this.runs.recover()
    return started
  }

  async #servedFor(request: ApprovalRequest): Promise<AgentEndpoint | null> {
    const { store, path } = await this.#parts()
    const [endpoint, run] = [
      this.#endpoints.get(request.endpoint),
      await store.runs.get(request.runId),
    ]
    return endpoint === undefined || run === null ? null : path.served(endpoint, run)
  }

  #port() {
    return createAppPort({
      title: this.title,
      maxBodyBytes: this.#options.maxBodyBytes ?? 6_291_456,
      maxIntentLength: this.#options.maxIntentLength ?? 16_384,
      auth: this.#options.auth ?? null,
      authorization: this.#authorization,
      endpoints: this.#endpoints,
      started: () => this.#admit(),
      approvals: this.approvals,
      events: this.#events,
      streams: this.#streams,
      runs: this.runs,
      isolation: () => this.isolation(),
    })
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '::1' || /^127(\.\d{1,3}){3}$/.test(hostname)
}
