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
  const { apply, create, define, expose, freeze, list, parseJson, quote, slice, text, toJson } =
    intrinsics
  const NativePromise = Promise
  const NativeError = Error
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
    const error = new NativeError(message)
    expose(error, 'code', code)
    apply(remember, errorCodes, [error, code])
    return error
  }

  const distance = (a: string, b: string): number => {
    let previous = list<number>()
    for (let j = 0; j <= b.length; j++) previous[j] = j
    for (let i = 1; i <= a.length; i++) {
      const row = list<number>()
      row[0] = i
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
    const asked = slice(name, 0, 100)
    let closest: string | null = null
    let best = 1 / 0
    for (let i = 0; i < granted.length; i++) {
      const candidate = granted[i] as string
      const apart = distance(asked, candidate)
      if (apart < best) {
        best = apart
        closest = candidate
      }
    }
    const hint =
      closest === null ? 'no tools are granted' : 'the closest granted tool is ' + quote(closest)
    return toolError('There is no tool ' + quote(asked) + '; ' + hint, 'ERR_TOOL_DENIED')
  }

  const badArgument = (name: string, reason: string): Error =>
    toolError('The argument of the tool ' + quote(name) + ' ' + reason, 'ERR_TOOL_DENIED')

  const encode = (name: string, args: readonly unknown[]): string => {
    if (args.length > 1) {
      const found = ', not ' + text(args.length) + ' arguments'
      const message = 'The tool ' + quote(name) + ' takes one object as its argument' + found
      throw toolError(message, 'ERR_TOOL_DENIED')
    }
    const argument = intrinsics.at(args, 0)
    const json = argument === undefined ? '{}' : toJson(argument)
    if (json === undefined) throw badArgument(name, 'is not a JSON value')
    if (json.length > maxLength) throw badArgument(name, 'is too large')
    return json
  }

  const makeTool = (name: string): unknown => {
    const tool = (...args: unknown[]): Promise<unknown> =>
      new NativePromise((resolve, reject) => {
        const json = encode(name, args)
        const operation = 'tool.call:' + name
        // The runner counts the calls that reach it. Nothing after it can fail, even without stack or
        // memory: otherwise each answer would go to the call before the one it belongs to.
        const seq = lastSeq + 1
        waiting[seq] = { resolve, reject }
        const refusal = host(operation, json)
        if (refusal !== '') throw badArgument(name, refusal)
        lastSeq = seq
        pendingCount++
      })
    define(tool, 'name', { value: name, configurable: true })
    intrinsics.hideSource(tool)
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
