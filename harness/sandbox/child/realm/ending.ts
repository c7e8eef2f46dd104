import type { Inspect } from './inspect.ts'
import type { HostCall, Intrinsics } from './intrinsics.ts'
import type { Output } from './output.ts'
import type { ToolCalls } from './tools.ts'

/** How a program ends: by the first of these that is called. */
export interface Ending {
  /** @param maxLength - Longest result, in characters. */
  start(maxLength: number): void
  returned(value: unknown): void
  failed(error: unknown): void
  /** Wraps a callback of the guest's: what it throws, the program throws. */
  guarded(callback: unknown): (...args: unknown[]) => void
}

/** What an ending is told with. */
interface Means {
  readonly serialize: (value: unknown) => Output
  readonly inspect: Inspect
  readonly tools: ToolCalls
}

/** Makes the realm's {@link Ending}. */
export function createEnding(host: HostCall, intrinsics: Intrinsics, means: Means): Ending {
  const { apply, isError, prototypeOf, quote, slice, text } = intrinsics
  const maxMessage = 4096
  const memoryError = 'InternalError'
  const realm = globalThis as unknown as Record<string, { readonly prototype: object } | undefined>
  // QuickJS makes its own error when memory is out. Programs do not get the class: a report under
  // this name then is the engine's, unlike a message that anybody can write.
  const memoryErrorPrototype = realm[memoryError]?.prototype
  if (memoryErrorPrototype !== undefined) {
    delete realm[memoryError]
    Reflect.deleteProperty(memoryErrorPrototype, 'constructor')
  }
  let maxOutputLength = 0
  let isOver = false

  const textOf = (value: unknown): string =>
    value === undefined || value === null ? '' : slice(text(value), 0, maxMessage)
  const nameOf = (error: Error): string => {
    if (prototypeOf(error) === memoryErrorPrototype) return memoryError
    const name = slice(textOf(error.name), 0, 100)
    return name === '' || name === memoryError ? 'Error' : name
  }
  // Put together by hand: a patched Object.prototype.toJSON has no say in a report.
  const report = (name: string, message: string, stack: string, code: string | null): string => {
    const head = '{"name":' + quote(name) + ',"message":' + quote(message) + ',"stack":'
    return head + quote(stack) + ',"code":' + (code === null ? 'null' : quote(code)) + '}'
  }
  const describe = (error: unknown): string => {
    try {
      if (!isError(error)) {
        const message = 'The program threw a value that is no Error: ' + means.inspect(error)
        return report('Error', slice(message, 0, maxMessage), '', null)
      }
      const message = textOf(error.message)
      const stack = textOf(intrinsics.stackOf(error))
      return report(nameOf(error), message, stack, means.tools.codeOf(error))
    } catch {
      return report('Error', 'The program threw a value that cannot be read', '', null)
    }
  }

  const end = (operation: string, detail: string): void => {
    if (isOver) return
    isOver = true
    host(operation, detail)
  }
  const failed = (error: unknown): void => end('end.threw', describe(error))
  return {
    start: (maxLength) => {
      maxOutputLength = maxLength
    },
    failed,
    returned: (value) => {
      try {
        const output = means.serialize(value)
        if (output.kind === 'bad') end('end.bad', output.detail)
        else if (output.text.length > maxOutputLength) end('end.large', '')
        else end('end.returned', output.text)
      } catch (error) {
        failed(error)
      }
    },
    guarded:
      (callback) =>
      (...args) => {
        try {
          apply(callback, undefined, args)
        } catch (error) {
          failed(error)
        }
      },
  }
}
