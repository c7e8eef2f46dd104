import type { RealmConsole } from './console.ts'
import type { Ending } from './ending.ts'
import type { Intrinsics } from './intrinsics.ts'
import type { Timers } from './timers.ts'
import type { ToolCalls } from './tools.ts'

/** The parts of the realm that the runner drives, as made by the `install…` functions. */
export interface RealmParts {
  readonly console: RealmConsole
  readonly random: { start(): void }
  readonly performance: { start(): void }
  readonly timers: Timers
  readonly tools: ToolCalls
  readonly ending: Ending
}

/** What the runner may call in the realm; the realm's own code only, never guest code directly. */
export interface RealmEntry {
  start(data: string, settings: string): void
  begin(main: unknown): void
  settle(seq: number, isValue: boolean, text: string): void
  fireTimer(): void
  nextTimer(): number
  pendingCalls(): number
}

/** Makes the runner's entry into the realm: starts a program, and reports how it ended. */
export function createEntry(intrinsics: Intrinsics, parts: RealmParts): RealmEntry {
  const { apply, expose, parseJson } = intrinsics
  const { ending, timers, tools } = parts

  return intrinsics.freeze({
    start: (data, settings) => {
      const limits = parseJson(settings) as {
        readonly tools: string[]
        readonly maxOutputBytes: number
        readonly maxConsoleBytes: number
        readonly maxToolArgumentBytes: number
      }
      ending.start(limits.maxOutputBytes)
      parts.console.start(limits.maxConsoleBytes)
      parts.random.start()
      parts.performance.start()
      tools.start(limits.tools, limits.maxToolArgumentBytes)
      expose(globalThis, 'data', parseJson(data))
    },
    begin: (main) => {
      if (typeof main !== 'function')
        throw intrinsics.typeError('The program must end in an async function without parameters')
      // The result of an async function is a native promise; anything else is its own result.
      const result = apply(main, undefined, [])
      try {
        intrinsics.whenSettled(result, ending.returned, ending.failed)
      } catch {
        ending.returned(result)
      }
    },
    settle: tools.settle,
    fireTimer: () => {
      try {
        timers.fire()
      } catch (error) {
        ending.failed(error)
      }
    },
    nextTimer: timers.next,
    pendingCalls: tools.pending,
  })
}
