import type { JsonValue, SandboxEngine } from '../../../harness/index.ts'

/**
 * What is attacked: the product as shipped; without analysis and code policies; without those and
 * without whatever the kernel could add to the process; without analysis, on an engine, without some
 * layers (`layers:v8:seccomp,landlock`) or with a certain driver (`driver:v8:self-seal`); or a sandbox
 * known to be broken.
 */
export type TargetName =
  | 'product'
  | 'product-without-analysis'
  | 'product-without-kernel'
  | `${'layers' | 'driver'}:${SandboxEngine}:${string}`
  | 'broken'

/** One program to run, on behalf of somebody. */
export interface TargetRequest {
  readonly code: string
  readonly language: 'js' | 'ts'
  readonly data: JsonValue
  readonly userId: string
  readonly tenantId: string
}

/** What a caller was told about a run; a subset of the product's own outcome that both targets have. */
export interface TargetOutcome {
  readonly runId: string
  readonly status: string
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string }
  readonly toolCalls: readonly { readonly name: string; readonly outcome: string }[]
  /** Absent when no program was started. */
  readonly isolation?: unknown
}

/** One execution of a tool's own function in the host. */
export interface ToolRun {
  readonly tool: string
  /** The argument as JSON text. */
  readonly argument: string
  /** Milliseconds of the host's `performance.now()`. */
  readonly startedAt: number
}

/** What runs programs in the host process. */
export interface Target {
  run(request: TargetRequest): Promise<TargetOutcome>
  /** The status that HTTP callers would be given for what `run` resolved or rejected with. */
  httpStatus(answer: TargetOutcome | Error): number
  /** The audit record of a run, or `null`. */
  trace(runId: string, tenantId: string): Promise<JsonValue>
  /** What separates programs from the host, in words of the target. */
  isolation(): Promise<JsonValue>
}

/** What a target is given by the host. */
export interface TargetSetting {
  readonly databaseFile: string
  /** The secret behind the row `restricted` and the table `vault`. */
  readonly secret: string
  readonly toolRuns: ToolRun[]
  log(line: string): void
}

/** The limits that every case is judged with. */
export const LIMITS = {
  timeoutMs: 1_500,
  memoryMb: 128,
  maxOutputBytes: 1_048_576,
  maxToolCalls: 1_000,
  maxProgramBytes: 262_144,
} as const
