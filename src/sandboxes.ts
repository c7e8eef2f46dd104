import {
  ConfigurationError,
  type IsolationFacts,
  type IsolationMinimum,
  type Logger,
  ProcessSandbox,
  type ProcessSandboxOptions,
  refuseUnknownOptions,
  type Sandbox,
  type SandboxEngine,
} from '../harness/index.ts'
import { TRUST_DOMAINS, type TrustDomain } from './trust-domain.ts'

/** Where the programs of an app run. */
export interface AppSandboxOptions extends Omit<ProcessSandboxOptions, 'logger'> {
  /** Whose programs may share a process. Default `'caller'`; wider only by name. */
  readonly trustDomain?: TrustDomain
}

/** What an endpoint may say about where its programs run. */
export interface EndpointSandboxOptions {
  /** Replaces the app's engine. */
  readonly engine?: SandboxEngine
  /** May ask for more isolation than the app, never for less. */
  readonly isolation?: { readonly minimum?: IsolationMinimum }
}

const APP_KEYS = ['engine', 'isolation', 'pool', 'trustDomain']
const ENDPOINT_KEYS = ['engine', 'isolation']
const RANK: readonly IsolationMinimum[] = ['best', 'process', 'namespaced', 'kernel']

/**
 * The sandboxes of an app: one for what the app says, and one more for each engine and isolation
 * minimum that an endpoint asks for. Those are started when the first program needs them.
 */
export class Sandboxes {
  readonly trustDomain: TrustDomain
  readonly #options: AppSandboxOptions
  readonly #logger: Logger
  readonly #open = new Map<string, ProcessSandbox>()

  /** @throws {ConfigurationError} Names the option and what it may be. */
  constructor(options: AppSandboxOptions, logger: Logger) {
    refuseUnknownOptions('sandbox', options, APP_KEYS)
    const { trustDomain = 'caller' } = options
    if (!TRUST_DOMAINS.includes(trustDomain)) {
      throw new ConfigurationError(`The trustDomain is one of ${TRUST_DOMAINS.join(', ')}`)
    }
    this.trustDomain = trustDomain
    this.#options = options
    this.#logger = logger
    this.for({})
  }

  /**
   * The sandbox for an endpoint.
   *
   * @throws {ConfigurationError} If the endpoint asks for less isolation than the app.
   */
  for(endpoint: EndpointSandboxOptions): Sandbox {
    refuseUnknownOptions('sandbox of an endpoint', endpoint, ENDPOINT_KEYS)
    refuseUnknownOptions('isolation of an endpoint', endpoint.isolation ?? {}, ['minimum'])
    const engine = endpoint.engine ?? this.#options.engine ?? 'quickjs'
    const own = this.#options.isolation?.minimum ?? 'kernel'
    const minimum = endpoint.isolation?.minimum ?? own
    if (RANK.indexOf(minimum) < RANK.indexOf(own)) {
      throw new ConfigurationError(
        `An endpoint may not lower the isolation minimum of its app from "${own}" to "${minimum}"`,
      )
    }
    const key = `${engine} ${minimum}`
    const known = this.#open.get(key)
    if (known !== undefined) return known
    const { trustDomain: _, ...options } = this.#options
    const isolation = { ...options.isolation, minimum }
    const made = new ProcessSandbox({ ...options, engine, isolation, logger: this.#logger })
    this.#open.set(key, made)
    return made
  }

  /** What separates programs from the host, verified on a running child. */
  probe(): Promise<IsolationFacts> {
    return this.for({}).probe()
  }

  /** Ends every child and waits for them. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((sandbox) => sandbox.close()))
  }
}
