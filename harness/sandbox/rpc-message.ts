import type { ResourceLimits } from './resource-limits.ts'
import type { GuestError } from './sandbox.ts'

/**
 * The channel carries frames: 4 bytes of length, big-endian, then JSON text. A message is one frame;
 * messages marked with "payload" are followed by one more frame whose text is JSON of its own and is
 * handed on unparsed. From the host:
 */
export interface BootMessage {
  readonly type: 'boot'
  readonly engine: EngineFiles
  /** How the child closes itself off once it has loaded everything; null where it cannot. */
  readonly seal: SealOptions | null
  /** A file that exists and that the child must not be able to open. */
  readonly knownFile: string
}

/** Which engine a child loads, and where its package lies as seen by the child. */
export type EngineFiles =
  | {
      readonly name: 'quickjs'
      readonly wasm: string
      readonly encoding: string
    }
  | { readonly name: 'v8' }

/** What a child needs to close itself off. */
export interface SealOptions {
  /** The system-call filter, a BPF program in base64. */
  readonly filter: string
  readonly knownFile: string
}

/** A program to run. `run` names it on the channel from here on. Its payload is `data`. */
export interface RunMessage {
  readonly type: 'run'
  readonly run: number
  readonly code: string
  readonly tools: readonly string[]
  readonly limits: ResourceLimits
  readonly startTimeMs: number
  readonly seed: string
}

/** The answer to a tool call. Its payload is the value, or a message and a code. */
export interface AnswerMessage {
  readonly type: 'answer'
  readonly run: number
  readonly seq: number
  readonly isValue: boolean
  readonly atMs: number
}

/**
 * The time a child asked for has passed. `atMs`, here and with an answer, is what the program's clock says
 * from now on, in milliseconds since it began: a program sees its time pass between its turns.
 */
export interface WakeMessage {
  readonly type: 'wake'
  readonly run: number
  readonly atMs: number
}

/** The host has ended a run: the child forgets it. */
export interface DropMessage {
  readonly type: 'drop'
  readonly run: number
}

/** Everything the host says. */
export type HostMessage = BootMessage | RunMessage | AnswerMessage | WakeMessage | DropMessage

/** What happened when the child tried what it must not be able to do: `'allowed'`, or the refusal. */
export interface SelfTest {
  readonly file: string
  readonly network: string
  readonly process: string
}

/** What a run has used inside the child so far. */
export interface ChildUsage {
  /** CPU time of the run's own turns, in microseconds. */
  readonly cpuUs: number
  /** Memory the engine holds for it, in bytes; 0 where it cannot say. */
  readonly memoryBytes: number
}

/** How a program ended, as the child tells it. `returned` has a payload, the value. */
export type ChildEnding = { readonly run: number; readonly usage: ChildUsage } & (
  | { readonly type: 'returned' }
  | { readonly type: 'bad-output'; readonly detail: string }
  | { readonly type: 'limit'; readonly limit: 'memoryMb' | 'maxOutputBytes' }
  | { readonly type: 'threw'; readonly error: GuestError }
)

/**
 * What a child says of one run while it goes on. The child works off one message at a time; the answer
 * to each message ends with `parked` or with an ending. `call` and `console` have a payload.
 */
export type ChildReport = { readonly run: number } & (
  | { readonly type: 'call'; readonly seq: number; readonly name: string }
  | { readonly type: 'console'; readonly level: string; readonly isTruncated: boolean }
  | {
      readonly type: 'progress'
      readonly done: number
      readonly total: number | null
      readonly label: string
    }
  /** The program waits for answers, or for its own clock: then it asks to be woken. */
  | { readonly type: 'parked'; readonly wakeInMs: number | null; readonly usage: ChildUsage }
)

/** Everything a child says. */
export type ChildMessage =
  | { readonly type: 'ready'; readonly selfTest: SelfTest; readonly isSealed: boolean }
  | ChildReport
  | ChildEnding
