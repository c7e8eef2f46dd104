import type { ProgramTurn } from '../journal/run-journal.ts'
import type { JsonValue } from '../json-value.ts'
import type { Program } from '../program.ts'
import type { IsolationFacts } from './isolation/isolation-level.ts'
import type { ResourceLimits } from './resource-limits.ts'

/** One line a program printed. */
export interface ConsoleLine {
  readonly level: 'debug' | 'log' | 'info' | 'warn' | 'error'
  readonly text: string
}

/** What a run cost, measured from the host's side where the platform allows it. */
export interface ResourceUsage {
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakMemoryBytes: number
  /** Bytes of the serialized result. */
  readonly outputBytes: number
  /** Bytes of console text. */
  readonly consoleBytes: number
  readonly toolCalls: number
  /** Bytes of JSON that the program sent to tools, and that tools sent to the program. */
  readonly toolArgumentBytes: number
  readonly toolAnswerBytes: number
}

/** What a run has used that never ran. */
export const NO_USAGE: ResourceUsage = Object.freeze({
  wallMs: 0,
  cpuMs: 0,
  peakMemoryBytes: 0,
  outputBytes: 0,
  consoleBytes: 0,
  toolCalls: 0,
  toolArgumentBytes: 0,
  toolAnswerBytes: 0,
})

/** What a program shows while it runs. */
export type SandboxEvent =
  | { readonly kind: 'console'; readonly line: ConsoleLine }
  | { readonly kind: 'progress'; readonly progress: Progress }

/** How far a program says it is, by its own `progress(done, total, label)`. */
export interface Progress {
  readonly done: number
  /** `null` when the program does not know. */
  readonly total: number | null
  /** Text of the program: untrusted. */
  readonly label: string
}

/** One call of a tool, as the program made it. The argument is JSON that came out of the sandbox. */
export interface SandboxToolCall {
  /** From 0, in the order in which the program started its calls. */
  readonly seq: number
  readonly name: string
  readonly argument: JsonValue
  /** What the program had seen when it made the call; grows as it goes on. */
  readonly turns: readonly ProgramTurn[]
  /** How much of {@link turns} that was. */
  readonly turnCount: number
  /** Aborted when the program ends before this call has an answer. */
  readonly signal: AbortSignal
}

/** A call that had no answer when its program ended. Its tool was told to stop. */
export interface AbandonedCall {
  readonly seq: number
  readonly name: string
}

/** What the gate answers to a tool call. `suspend` ends the child: the run waits for a person. */
export type SandboxToolAnswer =
  | { readonly kind: 'value'; readonly value: JsonValue }
  | { readonly kind: 'error'; readonly message: string; readonly code: string }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'stop' }

/** Everything one run needs. */
export interface SandboxRequest {
  readonly runId: string
  readonly program: Pick<Program, 'code' | 'hash'>
  readonly data: JsonValue
  /** The names under `tools`; calling anything else is refused without asking the gate. */
  readonly toolNames: readonly string[]
  readonly limits: ResourceLimits
  /** Clock and randomness inside the program: a run with the same ones takes the same path. */
  readonly determinism: {
    /** What `Date.now()` answers when the program starts, milliseconds since 1970. */
    readonly startTimeMs: number
    /** 32 random bytes as hex; secret. */
    readonly seed: string
  }
  /**
   * Whose programs may share a process with this one. Equal keys share; without one the run gets a
   * process of its own that is killed afterwards.
   */
  readonly trustDomain?: string
  /**
   * What the program has seen before, when it runs again: it is shown the same in the same order at the same
   * times by its own clock, without waiting, and goes on from there.
   */
  readonly past?: readonly ProgramTurn[]
  readonly signal?: AbortSignal
  /** The tool gate. Never rejects. Called concurrently, in start order. */
  onToolCall(call: SandboxToolCall): Promise<SandboxToolAnswer>
  /** Told of console lines and progress as they come. Must not throw. */
  onEvent?(event: SandboxEvent): void
}

/** An error as the program saw it. Position refers to `Program.code`. */
export interface GuestError {
  readonly name: string
  readonly message: string
  readonly line?: number
  readonly column?: number
  /** The code of a tool error that was not caught, for example `ERR_TOOL_DENIED`. */
  readonly toolErrorCode?: string
}

/** How a run ended. `detail` is plain words for a person; it never holds guest text. */
export type SandboxEnding =
  | { readonly kind: 'returned'; readonly value: JsonValue }
  | { readonly kind: 'threw'; readonly error: GuestError }
  /** The value cannot leave as JSON: which part of it, and why. */
  | { readonly kind: 'bad-output'; readonly detail: string }
  | { readonly kind: 'timeout'; readonly detail: string }
  | { readonly kind: 'limit'; readonly limit: keyof ResourceLimits; readonly detail: string }
  /** The child did what no honest child does: malformed frames, a forbidden system call. */
  | { readonly kind: 'violation'; readonly detail: string }
  | { readonly kind: 'crashed'; readonly detail: string }
  | { readonly kind: 'cancelled' }
  /** The gate answered `suspend` or `stop`. */
  | { readonly kind: 'suspended' }
  | { readonly kind: 'stopped' }

/** The answer to one run. */
export interface SandboxResult {
  readonly ending: SandboxEnding
  readonly console: readonly ConsoleLine[]
  /** Tool calls that were not awaited, or that the end of the run cut off. */
  readonly abandonedCalls: readonly AbandonedCall[]
  readonly usage: ResourceUsage
  readonly isolation: IsolationFacts
  /** What the program has seen. */
  readonly turns?: readonly ProgramTurn[]
}

/** Where programs run. */
export interface Sandbox {
  /**
   * Runs one program in a fresh realm. Every ending is a result.
   *
   * @throws {SandboxError} `ERR_ISOLATION_UNAVAILABLE` when the host gives less isolation than the
   * minimum, `ERR_OVERLOADED` when no place is free: in both cases nothing was run.
   */
  run(request: SandboxRequest): Promise<SandboxResult>
  /** Starts one child, verifies it and says what separates it from the host. */
  probe(): Promise<IsolationFacts>
  /** Ends every child and waits for them. */
  close(): Promise<void>
}
