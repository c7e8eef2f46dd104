import type { Inspect } from './inspect.ts'
import type { HostCall, Intrinsics } from './intrinsics.ts'
import type { Output } from './output.ts'
import type { Timers } from './timers.ts'
import type { ToolCalls } from './tools.ts'

/** The parts of the realm that the runner drives, as made by the `install…` functions. */
export interface RealmParts {
  readonly console: { start(maxBytes: number): void }
  readonly random: { start(): void }
  readonly timers: Timers
  readonly tools: ToolCalls
  readonly serialize: (value: unknown) => Output
  readonly inspect: Inspect
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
export function createEntry(host: HostCall, intrinsics: Intrinsics, parts: RealmParts): RealmEntry {
  const { apply, expose, isError, parseJson, slice, text, toJson, setPrototypeOf, whenSettled } =
    intrinsics
  const maxMessage = 4096
  let maxOutputLength = 0
  let isOver = false

  const property = (error: object, name: string): string => {
    const value = (error as Record<string, unknown>)[name]
    return value === undefined || value === null ? '' : slice(text(value), 0, maxMessage)
  }

  const describe = (error: unknown): object => {
    try {
      if (!isError(error)) {
        const message = `The program threw a value that is no Error: ${parts.inspect(error)}`
        return { name: 'Error', message: slice(message, 0, maxMessage), stack: '' }
      }
      return {
        name: slice(property(error, 'name') || 'Error', 0, 100),
        message: property(error, 'message'),
        stack: property(error, 'stack'),
        code: parts.tools.codeOf(error),
      }
    } catch {
      return { name: 'Error', message: 'The program threw a value that cannot be read', stack: '' }
    }
  }

  const end = (operation: string, report: string): void => {
    if (isOver) return
    isOver = true
    host(operation, report)
  }
  // Without a prototype, a patched Object.prototype.toJSON has no say in the report.
  const failed = (error: unknown): void =>
    end('end.threw', toJson(setPrototypeOf(describe(error), null)) ?? '{}')
  const returned = (value: unknown): void => {
    try {
      const output = parts.serialize(value)
      if (output.kind === 'bad') end('end.bad', output.detail)
      else if (output.text.length > maxOutputLength) end('end.large', '')
      else end('end.returned', output.text)
    } catch (error) {
      failed(error)
    }
  }

  // What throws in a job of the engine's own is thrown by the program, like what throws in a timer.
  const guarded =
    (callback: unknown) =>
    (...args: unknown[]): void => {
      try {
        apply(callback, undefined, args)
      } catch (error) {
        failed(error)
      }
    }
  const enqueue = globalThis.queueMicrotask
  expose(globalThis, 'queueMicrotask', (callback: unknown): void => {
    if (typeof callback !== 'function') {
      throw new TypeError('The argument of queueMicrotask must be a function')
    }
    enqueue(guarded(callback))
  })
  const Registry = globalThis.FinalizationRegistry
  const GuardedRegistry = class extends Registry<unknown> {
    constructor(cleanup: unknown) {
      super(typeof cleanup === 'function' ? guarded(cleanup) : (cleanup as () => void))
    }
  }
  intrinsics.define(GuardedRegistry, 'name', { value: 'FinalizationRegistry', configurable: true })
  expose(globalThis, 'FinalizationRegistry', GuardedRegistry)

  return intrinsics.freeze({
    start: (data, settings) => {
      const { tools, maxOutputBytes, maxConsoleBytes, maxMessageBytes } = parseJson(settings) as {
        tools: string[]
        maxOutputBytes: number
        maxConsoleBytes: number
        maxMessageBytes: number
      }
      maxOutputLength = maxOutputBytes
      parts.console.start(maxConsoleBytes)
      parts.random.start()
      parts.tools.start(tools, maxMessageBytes)
      expose(globalThis, 'data', parseJson(data))
    },
    begin: (main) => {
      if (typeof main !== 'function') {
        throw new TypeError('The program must end in an async function without parameters')
      }
      // The result of an async function is a native promise; anything else is its own result.
      const result = apply(main, undefined, [])
      try {
        whenSettled(result, returned, failed)
      } catch {
        returned(result)
      }
    },
    settle: parts.tools.settle,
    fireTimer: () => {
      try {
        parts.timers.fire()
      } catch (error) {
        failed(error)
      }
    },
    nextTimer: parts.timers.next,
    pendingCalls: parts.tools.pending,
  })
}
