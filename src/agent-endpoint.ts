import {
  type ApprovalRule,
  ConfigurationError,
  DEFAULT_LIMITS,
  declareToolTypes,
  type JsonValue,
  type Logger,
  type OutputValidator,
  type Policy,
  type ProgramLanguage,
  type ResourceLimits,
  refuseUnknownOptions,
  ruleOfTool,
  type Sandbox,
  type Tool,
  type ToolTypes,
} from '../harness/index.ts'
import type { Intent, IntentScope, ProgramExample, ToolRegistry } from '../runtime/index.ts'
import { checkEndpointOptions, checkScopeOptions } from './check-options.ts'
import type { RunOutcome } from './run-outcome.ts'
import type { EndpointSandboxOptions, Sandboxes } from './sandboxes.ts'
import type { AuthUser } from './security/auth-user.ts'
import type { Authenticator } from './security/authenticator.ts'

/** What a handler is told beside the intent. */
export interface HandlerContext {
  readonly runId: string
  readonly endpoint: string
  /** Who is calling; `null` only on a `public` endpoint without credentials. */
  readonly user: AuthUser | null
  readonly sessionId?: string
  /** Aborted when the caller is gone or the endpoint's time is over. */
  readonly signal: AbortSignal
  readonly logger: Logger
  /** Has the model write a program for an intent and runs it through every gate of this endpoint. */
  runIntent(intent: string, options?: { readonly data?: JsonValue }): Promise<RunOutcome>
  /** Runs a program of the handler's own through every gate of this endpoint, with action `execute`. */
  execute(program: {
    readonly code: string
    readonly language?: ProgramLanguage
    readonly data?: JsonValue
  }): Promise<RunOutcome>
}

/** The author's own trusted code behind an endpoint. What it returns leaves as JSON. */
export type AgentHandler = (intent: Intent, context: HandlerContext) => unknown

/** What applies to every endpoint of an app or a router. */
export interface ScopeOptions {
  /** Replaces the authentication of the level above. */
  readonly auth?: Authenticator
  /** Adds to the policies of the levels above. */
  readonly policies?: readonly Policy[]
  /** Adds to the approval rules of the levels above. */
  readonly approval?: readonly ApprovalRule[]
  /** Adds to the validators of the levels above. */
  readonly validators?: readonly OutputValidator[]
  /** Replaces single limits of the level above. */
  readonly limits?: Partial<ResourceLimits>
  /**
   * Whether programs are checked against the types of their tools: not at all, with warnings, or so that the
   * model mends them before they run. Needs the package `typescript`. Default `repair` where there is a
   * model, else `warn`.
   */
  readonly typeCheck?: TypeCheckMode
  /** How often the model is asked to mend its program, at most; 0 never asks. 0 to 10, default 2. */
  readonly repairRounds?: number
}

/** What becomes of wrong types. Programs that callers bring have warnings, whichever is chosen but `off`. */
export type TypeCheckMode = 'off' | 'warn' | 'repair'

/** How an endpoint is declared. Everything that is said here is enforced; an unknown option is refused. */
export interface AgentEndpointOptions extends ScopeOptions {
  /** Letters, digits, `-` and `_`; with a router's prefix `prefix.name`. Unique within the app. */
  readonly name: string
  /** What the endpoint is for: shown to callers and to the model. */
  readonly description?: string
  /** The tools that are granted: themselves, or the names of tools that are registered with the app. */
  readonly tools?: readonly (Tool | string)[]
  /** Callers may bring their own program. Default false. */
  readonly execute?: boolean
  /** Callers need no credentials; a bad credential is refused all the same. Default false. */
  readonly public?: boolean
  /** Intents with programs that answer them well, for the model. */
  readonly examples?: readonly ProgramExample[]
  /** The actions and domains that intents may have; others are refused before any code is written. */
  readonly intentScope?: IntentScope
  /** Where the programs of this endpoint run, when it is not where the app's do. */
  readonly sandbox?: EndpointSandboxOptions
}

/** An endpoint with everything that applies to it, from all levels. */
export interface AgentEndpoint {
  readonly name: string
  readonly description: string
  readonly tools: readonly Tool[]
  readonly policies: readonly Policy[]
  readonly approvalRules: readonly ApprovalRule[]
  readonly validators: readonly OutputValidator[]
  readonly limits: ResourceLimits
  readonly typeCheck: TypeCheckMode
  /** For the type check; absent where it is off. */
  readonly toolTypes?: ToolTypes
  readonly repairRounds: number
  readonly authenticator: Authenticator | null
  readonly isPublic: boolean
  readonly acceptsPrograms: boolean
  readonly examples: readonly ProgramExample[]
  readonly intentScope?: IntentScope
  readonly sandbox: Sandbox
  readonly handler: AgentHandler | null
}

const SCOPE_KEYS = [
  'auth',
  'policies',
  'approval',
  'validators',
  'limits',
  'typeCheck',
  'repairRounds',
]
const ENDPOINT_KEYS = [
  ...SCOPE_KEYS,
  'name',
  'description',
  'tools',
  'execute',
  'public',
  'examples',
  'intentScope',
  'sandbox',
]
// Timers take no more, and turn what is over into one millisecond.
const MAX_LIMIT = 2_147_483_647
const DEFAULT_REPAIR_ROUNDS = 2
const NAME = /^[A-Za-z][\w-]{0,63}$/

/**
 * Brings together what all levels say about one endpoint, outermost level first.
 *
 * @throws {ConfigurationError} Names the mistake and the fix.
 */
export function resolveEndpoint(
  options: AgentEndpointOptions,
  scopes: readonly ScopeOptions[],
  setting: {
    readonly prefix: string
    readonly handler: AgentHandler | null
    readonly registered: ToolRegistry
    readonly sandboxes: Sandboxes
    /** Whether the app has a model that can be asked again. */
    readonly hasModel: boolean
  },
): AgentEndpoint {
  refuseUnknownOptions('agentEndpoint', options, ENDPOINT_KEYS)
  if (typeof options.name !== 'string' || !NAME.test(options.name)) {
    throw new ConfigurationError(
      'An endpoint name is a letter followed by letters, digits, "-" or "_", at most 64 in all',
    )
  }
  const name = setting.prefix === '' ? options.name : `${setting.prefix}.${options.name}`
  checkScopeOptions(`endpoint "${name}"`, options)
  checkEndpointOptions(`endpoint "${name}"`, options)
  const levels = [...scopes, options]
  const authenticator = levels.reduce<Authenticator | null>(
    (auth, level) => level.auth ?? auth,
    null,
  )
  if (authenticator === null && options.public !== true) {
    throw new ConfigurationError(
      `Endpoint "${name}" has no authentication: give it, its router or the app \`auth\`, or say \`public: true\``,
    )
  }
  const tools = (options.tools ?? []).map((tool) => {
    const known = typeof tool === 'string' ? setting.registered.get(tool) : tool
    if (known !== undefined) return known
    throw new ConfigurationError(
      `Endpoint "${name}" grants the tool "${tool}", which is not registered: call \`app.registerTool\` first`,
    )
  })
  refuseDuplicates(`Endpoint "${name}" grants`, 'tool', tools)
  const approvalRules = levels.flatMap(({ approval }) => approval ?? [])
  const brought = new Set(tools.flatMap((tool) => ruleOfTool(tool) ?? []))
  // A decision is bound to a rule by its name.
  refuseDuplicates(`Endpoint "${name}" has`, 'approval rule', [...approvalRules, ...brought])
  const typeCheck = innermost(levels, 'typeCheck') ?? (setting.hasModel ? 'repair' : 'warn')
  return {
    name,
    description: options.description ?? '',
    tools,
    policies: levels.flatMap(({ policies }) => policies ?? []),
    approvalRules,
    validators: levels.flatMap(({ validators }) => validators ?? []),
    limits: resolveLimits(levels),
    typeCheck,
    ...(typeCheck === 'off' ? {} : { toolTypes: declareToolTypes(tools) }),
    repairRounds: innermost(levels, 'repairRounds') ?? DEFAULT_REPAIR_ROUNDS,
    authenticator,
    isPublic: options.public ?? false,
    acceptsPrograms: options.execute ?? false,
    examples: options.examples ?? [],
    ...(options.intentScope === undefined ? {} : { intentScope: options.intentScope }),
    sandbox: setting.sandboxes.for(options.sandbox ?? {}),
    handler: setting.handler,
  }
}

/** What the innermost level says that says anything. */
function innermost<Key extends 'typeCheck' | 'repairRounds'>(
  levels: readonly ScopeOptions[],
  key: Key,
): ScopeOptions[Key] | undefined {
  return levels.findLast((level) => level[key] !== undefined)?.[key]
}

function refuseDuplicates(
  where: string,
  kind: string,
  named: readonly { readonly name: string }[],
): void {
  const names = named.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw new ConfigurationError(`${where} the ${kind} "${twice}" twice; rename or remove one`)
}

function resolveLimits(levels: readonly ScopeOptions[]): ResourceLimits {
  const limits: ResourceLimits = Object.assign(
    { ...DEFAULT_LIMITS },
    ...levels.map((level) => level.limits ?? {}),
  )
  refuseUnknownOptions('limits', limits, Object.keys(DEFAULT_LIMITS))
  for (const [key, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value <= 0 || value > MAX_LIMIT) {
      throw new ConfigurationError(
        `Limit "${key}" must be a positive whole number, at most ${MAX_LIMIT}`,
      )
    }
  }
  return Object.freeze(limits)
}
