import type { HostCall, Intrinsics } from './intrinsics.ts'

/** The realm's side of the tool calls. */
export interface ToolCalls {
  /** Makes `tools` out of the granted names. */
  start(names: readonly string[], maxArgumentLength: number): void
  /** Answers one call: `text` is the JSON of a value, or of a message and a code. */
  settle(seq: number, isValue: boolean, text: string): void
  /** How many calls have no answer yet. */
  pending(): number
  /** The code of an error that a tool call gave the program, else null. */
  codeOf(error: unknown): string | null
}

/** Puts `tools` into the realm. A call leaves as JSON text and is answered out of order. */
export function installTools(host: HostCall, intrinsics: Intrinsics): ToolCalls {
  interface Waiting {
    readonly resolve: (value: unknown) => void
    readonly reject: (error: Error) => void
  }
  const { apply, create, define, expose, freeze, parseJson, text, toJson } = intrinsics
  const NativePromise = Promise
  const waiting = create(null) as Record<number, Waiting>
  const errorCodes = new WeakMap<object, string>()
  const remember = WeakMap.prototype.set
  const recall = WeakMap.prototype.get
  // What the language itself may ask of any object: these are no mistyped tool names.
  const questions = ['then', 'toJSON', 'constructor', 'toString', 'valueOf', 'inspect', '$$typeof']
  let granted: readonly string[] = []
  let maxLength = 0
  let lastSeq = -1
  let pendingCount = 0

  const toolError = (message: string, code: string): Error => {
    const error = new Error(message)
    expose(error, 'code', code)
    apply(remember, errorCodes, [error, code])
    return error
  }

  const distance = (a: string, b: string): number => {
    let previous: number[] = []
    for (let j = 0; j <= b.length; j++) previous[j] = j
    for (let i = 1; i <= a.length; i++) {
      const row: number[] = [i]
      for (let j = 1; j <= b.length; j++) {
        const change = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
        const insert = (row[j - 1] as number) + 1
        const remove = (previous[j] as number) + 1
        row[j] =
          change < insert ? (change < remove ? change : remove) : insert < remove ? insert : remove
      }
      previous = row
    }
    return previous[b.length] as number
  }

  const unknownTool = (name: string): Error => {
    let closest: string | null = null
    let best = Infinity
    for (let i = 0; i < granted.length; i++) {
      const candidate = granted[i] as string
      const apart = distance(intrinsics.slice(name, 0, 100), candidate)
      if (apart < best) {
        best = apart
        closest = candidate
      }
    }
    const asked = toJson(intrinsics.slice(name, 0, 100))
    const hint =
      closest === null ? 'no tools are granted' : `the closest granted tool is ${toJson(closest)}`
    return toolError(`There is no tool ${asked}; ${hint}`, 'ERR_TOOL_DENIED')
  }

  const badArgument = (name: string, reason: string): Error =>
    toolError(`The argument of the tool ${toJson(name)} ${reason}`, 'ERR_TOOL_DENIED')

  const encode = (name: string, args: readonly unknown[]): string => {
    if (args.length > 1) {
      const message = `The tool ${toJson(name)} takes one object as its argument, not ${args.length} arguments`
      throw toolError(message, 'ERR_TOOL_DENIED')
    }
    const json = args[0] === undefined ? '{}' : toJson(args[0])
    if (json === undefined) throw badArgument(name, 'is not a JSON value')
    if (json.length > maxLength) throw badArgument(name, 'is too large')
    return json
  }

  const makeTool = (name: string): unknown => {
    const tool = (...args: unknown[]): Promise<unknown> =>
      new NativePromise((resolve, reject) => {
        const json = encode(name, args)
        const refusal = host(`tool.call:${name}`, json)
        if (refusal !== '') throw badArgument(name, refusal)
        define(waiting, ++lastSeq, { value: { resolve, reject }, configurable: true })
        pendingCount++
      })
    define(tool, 'name', { value: name, configurable: true })
    return freeze(tool)
  }

  return {
    start: (names, maxArgumentLength) => {
      granted = names
      maxLength = maxArgumentLength
      const table = create(null)
      for (let i = 0; i < names.length; i++) {
        const name = names[i] as string
        define(table, name, { value: makeTool(name), enumerable: true })
      }
      freeze(table)
      const handler = create(null) as ProxyHandler<Record<string, unknown>>
      handler.get = (target, key) => {
        if (typeof key === 'symbol' || key in target) return target[key as string]
        for (let i = 0; i < questions.length; i++) if (questions[i] === key) return undefined
        throw unknownTool(key)
      }
      expose(globalThis, 'tools', new Proxy(table, freeze(handler)))
    },
    settle: (seq, isValue, answer) => {
      const call = waiting[seq]
      if (call === undefined) return
      delete waiting[seq]
      pendingCount--
      const parsed = parseJson(answer)
      if (isValue) call.resolve(parsed)
      else {
        const { message, code } = parsed as { message: string; code: string }
        call.reject(toolError(text(message), text(code)))
      }
    },
    pending: () => pendingCount,
    codeOf: (error) =>
      typeof error === 'object' && error !== null
        ? ((apply(recall, errorCodes, [error]) as string | undefined) ?? null)
        : null,
  }
}
