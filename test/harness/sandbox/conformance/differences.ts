import type { EngineUnderTest } from './run-in-engine.ts'

/** A check that does not hold everywhere, by its name. */
export interface Difference {
  /** The realms in which it does not hold. */
  readonly notOn: readonly EngineUnderTest['name'][]
  readonly reason: string
}

type Differences = Readonly<Record<string, Difference>>

const TEXT = 'Text that was not part of the program was never analysed or shown to an approver.'
const BOTH = ['quickjs', 'v8'] as const

/** What a bare engine can do and its realm withholds. */
export const WITHHELD: Differences = {
  'eval runs text': { notOn: BOTH, reason: TEXT },
  'eval sees the names around it': { notOn: BOTH, reason: TEXT },
  'indirect eval runs in the global scope': { notOn: BOTH, reason: TEXT },
  'Function makes functions of text': { notOn: BOTH, reason: TEXT },
  'the other function classes make functions of text': { notOn: BOTH, reason: TEXT },
  'Error.prepareStackTrace decides the stack': {
    notOn: BOTH,
    reason: 'The hook would be handed the functions on the stack, the realm’s own among them.',
  },
  'the global Error may be replaced': {
    notOn: ['v8'],
    reason:
      'Node looks for its hook on whatever stands there, and would hand it the runner’s calls.',
  },
  'the class of the errors of QuickJS': {
    notOn: BOTH,
    reason: 'An error of this class means that memory is out; no program may make one.',
  },
  WebAssembly: {
    notOn: BOTH,
    reason: 'Native code of the program’s own; QuickJS has none of it, and V8 takes it away.',
  },
  Temporal: {
    notOn: BOTH,
    reason: 'QuickJS has none; in V8 its clock would tell the real time and not the run’s own.',
  },
  Atomics: {
    notOn: BOTH,
    reason: 'There are no threads to share memory with; in V8 it could block and measure time.',
  },
  SharedArrayBuffer: {
    notOn: ['v8'],
    reason: 'There are no threads to share memory with; in V8 it would serve as a clock.',
  },
}

/** What an engine does not have, inside a realm or outside. */
export const MISSING: Differences = {
  'Iterator.zip': { notOn: ['v8'], reason: 'V8 does not have it yet.' },
  'Math.sumPrecise': { notOn: ['v8'], reason: 'V8 does not have it yet.' },
  'spread of a string into an object takes its characters': {
    notOn: ['quickjs'],
    reason: 'QuickJS takes nothing from a string.',
  },
  'a date as text names its zone': {
    notOn: ['quickjs'],
    reason: 'QuickJS ends after the offset; the standard leaves the name to the engine.',
  },
}

/** What the V8 of Node 24 does not have, and that of Node 26 has. */
export const SINCE_NODE_26: Differences = {
  'Iterator.concat': { notOn: ['v8'], reason: 'V8 has it since Node 26.' },
  'Map upsert': { notOn: ['v8'], reason: 'V8 has it since Node 26.' },
  'base64 and hex': { notOn: ['v8'], reason: 'V8 has it since Node 26.' },
  'own properties of functions': {
    notOn: ['v8'],
    reason: 'Until Node 26 sloppy functions have `arguments` and `caller` of their own, both null.',
  },
}

/** All that holds on the newest Node. */
export const DIFFERENCES: Differences = { ...WITHHELD, ...MISSING }

const isOlderNode = Number.parseInt(process.versions.node, 10) < 26

/** All that holds on the Node that runs this. */
export const DIFFERENCES_HERE: Differences = isOlderNode
  ? { ...DIFFERENCES, ...SINCE_NODE_26 }
  : DIFFERENCES

/** Names of checks that neither engine can pass on the Node that runs this, withheld or not. */
export const NOWHERE_HERE: ReadonlySet<string> = new Set(isOlderNode ? ['Temporal'] : [])
