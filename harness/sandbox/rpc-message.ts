import type { ResourceLimits } from './resource-limits.ts'
import type { GuestError } from './sandbox.ts'

/**
 * The channel carries frames: 4 bytes of length, big-endian, then JSON text. A message is one frame;
 * messages marked with "payload" are followed by one more frame whose text is JSON of its own and is
 * handed on unparsed. From the host:
 */
export interface BootMessage {
  readonly type: 'boot'
  /** Where the engine package lies, as seen by the child. */
  readonly engine: { readonly module: string; readonly wasm: string; readonly encoding: string }
  /** How the child closes itself off once it has loaded everything; null where it cannot. */
  readonly seal: SealOptions | null
  /** A file that exists and that the child must not be able to open. */
  readonly knownFile: string
}

/** What a child needs to close itself off. */
export interface SealOptions {
  /** The system-call filter, a BPF program in base64. */
  readonly filter: string
  readonly knownFile: string
}

/** The program to run. Its payload is `data`. */
export interface RunMessage {
  readonly type: 'run'
  readonly code: string
  readonly tools: readonly string[]
  readonly limits: ResourceLimits
  readonly startTimeMs: number
  readonly seed: string
}

/** The answer to a tool call. Its payload is the value, or a message and a code. */
export interface AnswerMessage {
  readonly type: 'answer'
  readonly seq: number
  readonly isValue: boolean
}

/** The time a child asked for has passed. */
export interface WakeMessage {
  readonly type: 'wake'
}

/** Everything the host says. */
export type HostMessage = BootMessage | RunMessage | AnswerMessage | WakeMessage

/** What happened when the child tried what it must not be able to do: `'allowed'`, or the refusal. */
export interface SelfTest {
  readonly file: string
  readonly network: string
  readonly process: string
}

/** Everything a child says. Those with a payload: `call`, `console`, `returned`. */
export type ChildMessage =
  | { readonly type: 'ready'; readonly selfTest: SelfTest; readonly isSealed: boolean }
  | { readonly type: 'call'; readonly seq: number; readonly name: string }
  | { readonly type: 'console'; readonly level: string; readonly isTruncated: boolean }
  | { readonly type: 'wake'; readonly inMs: number }
  | { readonly type: 'returned' }
  | { readonly type: 'bad-output'; readonly detail: string }
  | { readonly type: 'limit'; readonly limit: 'memoryMb' | 'maxOutputBytes' }
  | { readonly type: 'threw'; readonly error: GuestError }
