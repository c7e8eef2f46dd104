/** Limits for one run. A run that reaches one ends with `ERR_SANDBOX_LIMIT` or `ERR_SANDBOX_TIMEOUT`. */
export interface ResourceLimits {
  /** Wall-clock time for the whole run, parsing and tool calls included, in milliseconds. Default 10 000. */
  readonly timeoutMs: number
  /** CPU time of the program itself, in milliseconds; waiting for tools costs none. Default 10 000. */
  readonly cpuMs: number
  /** Memory of the program's heap in MiB; the whole child may use this and a fixed base. Default 256. */
  readonly memoryMb: number
  /** Largest serialized result, in bytes of UTF-8. Default 1 048 576 (1 MiB). */
  readonly maxOutputBytes: number
  /** Most bytes of console output kept; what is over is dropped and said so. Default 65 536. */
  readonly maxConsoleBytes: number
  /** Most tool calls. Default 1 000. */
  readonly maxToolCalls: number
  /** Most tool calls on their way at once; further ones wait their turn in start order. Default 64. */
  readonly maxToolCallsInFlight: number
  /**
   * Largest argument of one tool call, in bytes of JSON; never more than `maxMessageBytes`. The host reads
   * an argument in one go, and serves nobody else meanwhile. Default 1 048 576 (1 MiB).
   */
  readonly maxToolArgumentBytes: number
  /** Largest program, in bytes of UTF-8. Default 262 144 (256 KiB). */
  readonly maxProgramBytes: number
  /** Largest `data` and largest answer of one tool call, in bytes of JSON. Default 16 777 216. */
  readonly maxMessageBytes: number
}

/** The limits of a run when nothing else is said. */
export const DEFAULT_LIMITS: ResourceLimits = Object.freeze({
  timeoutMs: 10_000,
  cpuMs: 10_000,
  memoryMb: 256,
  maxOutputBytes: 1_048_576,
  maxConsoleBytes: 65_536,
  maxToolCalls: 1_000,
  maxToolCallsInFlight: 64,
  maxToolArgumentBytes: 1_048_576,
  maxProgramBytes: 262_144,
  maxMessageBytes: 16_777_216,
})

/** The most that one argument of a tool call may really have. */
export function argumentBytesOf(limits: ResourceLimits): number {
  return Math.min(limits.maxToolArgumentBytes, limits.maxMessageBytes)
}
