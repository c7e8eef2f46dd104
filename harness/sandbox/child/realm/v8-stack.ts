/** The text of an error's stack, given the engine's view of the calls. Must not throw a host error. */
export type StackText = (error: unknown, sites: readonly object[]) => string

/**
 * Makes the function that writes `error.stack`. Only calls of the program are named: the runner's
 * files and the realm's own are nobody's business inside, and differ from host to host.
 *
 * The global `Error` cannot be replaced from here on. The runner's Node looks for a hook on whatever
 * stands there, and would hand a program's own hook the calls of the runner.
 */
export function installStackText(programFile: string): StackText {
  const { apply, defineProperty, getPrototypeOf } = Reflect
  const errorToString = Error.prototype.toString

  let sample: object | undefined
  defineProperty(Error, 'prepareStackTrace', {
    value: (_error: unknown, sites: readonly object[]) => {
      sample = sites[0]
      return ''
    },
    configurable: true,
  })
  void new Error('Only for its stack').stack
  // As in the other engine: there is no such hook, and nothing can be put in its place.
  defineProperty(Error, 'prepareStackTrace', {
    get: () => undefined,
    set: () => {},
    configurable: false,
  })
  const site = getPrototypeOf(sample as object) as Record<string, () => unknown>
  const { getFileName, getFunctionName, getLineNumber, getColumnNumber, isAsync, isConstructor } =
    site as Record<string, () => unknown> & Record<'getFileName', () => unknown>

  const ask = (question: unknown, call: object): unknown =>
    apply(question as () => unknown, call, [])

  const frame = (call: object): string => {
    if (ask(getFileName, call) !== programFile) return ''
    const place = `${programFile}:${ask(getLineNumber, call)}:${ask(getColumnNumber, call)}`
    const prefix = ask(isAsync, call) ? 'async ' : ask(isConstructor, call) ? 'new ' : ''
    const name = ask(getFunctionName, call)
    return name === null || name === undefined || name === ''
      ? `\n    at ${prefix}${place}`
      : `\n    at ${prefix}${name} (${place})`
  }

  defineProperty(globalThis, 'Error', { value: Error, writable: false, configurable: false })
  return (error, sites) => {
    let text: string
    try {
      text = apply(errorToString, error, [])
    } catch {
      // A message or name that throws when it is read.
      text = 'Error'
    }
    for (let i = 0; i < sites.length; i++) text += frame(sites[i] as object)
    return text
  }
}
