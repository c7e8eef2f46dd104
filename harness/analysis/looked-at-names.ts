/** Names of properties that rules refuse or look at, however a program spells them. */
export const LOOKED_AT_NAMES: ReadonlySet<string> = new Set([
  'constructor',
  '__proto__',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
  'arguments',
  'callee',
  'caller',
  'species',
  'prepareStackTrace',
  'captureStackTrace',
])
