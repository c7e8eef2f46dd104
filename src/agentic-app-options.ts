import type { Logger } from '../harness/index.ts'
import type { LanguageModel } from '../runtime/index.ts'
import type { ScopeOptions } from './agent-endpoint.ts'
import type { AuditOptions } from './audit/open-audit.ts'
import type { AuthorizationPolicy } from './authorization/authorization-policy.ts'
import type { Notifier } from './notifiers/notifier.ts'
import type { AppSandboxOptions } from './sandboxes.ts'
import type { StoreLocation } from './store/store-location.ts'
import type { StoreSecrets } from './store/store-secrets.ts'

/** How an app is made. Unknown options are refused. */
export interface AgenticAppOptions extends ScopeOptions {
  /** Shown to callers. */
  readonly title: string
  /** Writes the programs. Without one only handlers and programs of callers run. */
  readonly model?: LanguageModel
  /** Who may do what. Default `new ProductionAuthorizationPolicy()`. */
  readonly authorization?: AuthorizationPolicy
  /**
   * Where runs, approvals, journal, audit and sessions are kept: a file, `':memory:'`, or a PostgreSQL
   * database, which several processes may share.
   */
  readonly store: StoreLocation
  /** Where programs run. The isolation minimum is `kernel` unless lowered by name; below it nothing runs. */
  readonly sandbox?: AppSandboxOptions
  /** Most audit traces kept. Default 10 000. */
  readonly maxTraces?: number
  /** How the audit is bounded beside that, how often it is signed, and who is told. */
  readonly audit?: AuditOptions
  /**
   * What the audit is signed with, and what persons' data is encrypted with. Default: `AIRLOCK_AUDIT_KEY` and
   * `AIRLOCK_MASTER_KEY` of the environment, else files beside the store, which are made.
   */
  readonly secrets?: Partial<StoreSecrets>
  /** Who is told of what waits for a person, each under a name of its own. Default nobody. */
  readonly notifiers?: readonly Notifier[]
  /** Largest request body in bytes. Default 6 291 456 (6 MiB). */
  readonly maxBodyBytes?: number
  /** Longest intent in characters. Default 16 384. */
  readonly maxIntentLength?: number
  readonly logger?: Logger
  /** Milliseconds since 1970; for tests. Default `Date.now`. */
  readonly clock?: () => number
  /**
   * Switches single layers off, for tests of the others. Needs `AIRLOCK_UNSAFE=1` in the environment and
   * never works with `listen()`. Real tool calls are judged by the policies all the same.
   */
  readonly unsafe?: { readonly skipAnalysis?: boolean; readonly skipPolicies?: boolean }
}

/** Where and how to listen. */
export interface ListenOptions {
  /** Default 8787; 0 takes any free port. */
  readonly port?: number
  /** Default `127.0.0.1`. */
  readonly hostname?: string
}
