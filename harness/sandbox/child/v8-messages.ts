// What one calls on a list or a text: on a promise, these are what is missing.
const LOOKS_AWAITABLE =
  /^(?:map|filter|reduce|forEach|find|some|every|flatMap|sort|slice|join|at|includes|push|toFixed|split|trim)$/

const OF_UNDEFINED =
  /^(?:Cannot read properties of undefined \(reading |Cannot destructure property .{1,200} as it is undefined\.$)/
const NOT_ITERABLE =
  /^(?:[^ ]{1,200}|object|number .{1,40}) is not (?:async )?iterable(?: \(cannot read property .{1,60}\))?$|^Spread syntax requires /
const NOT_A_FUNCTION = ' is not a function'

/**
 * Adds to an error message of V8 what the program's author most often forgot: to await a promise. V8
 * names what was called, so unlike with QuickJS the program's text is not needed.
 *
 * @param message - A message of the engine; any other is given back as it is.
 */
export function explainV8Message(message: string): string {
  if (OF_UNDEFINED.test(message)) return `${message}; if it comes from a promise, await that first`
  if (NOT_ITERABLE.test(message)) return `${message}; if it is a promise, await it first`
  if (!message.endsWith(NOT_A_FUNCTION)) return message
  const callee = message.slice(0, -NOT_A_FUNCTION.length)
  const dot = callee.lastIndexOf('.')
  if (dot < 1 || !LOOKS_AWAITABLE.test(callee.slice(dot + 1))) return message
  const receiver = callee.startsWith('(intermediate value)') ? 'that value' : callee.slice(0, dot)
  return `${message}; if ${receiver} is a promise, did the program forget to await it?`
}
