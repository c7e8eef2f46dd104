/** What the realm may ask of the runner: text in and text out, and two clocks. */
export interface HostAccess {
  readonly call: (operation: string, text: string) => string
  readonly wallClockMs: () => number
  readonly elapsedMs: () => number
}

/**
 * Wraps the functions of the runner, the only things of another realm that this one ever holds. An
 * error that they throw (no stack left is enough) belongs to the realm of the runner and would take
 * its intrinsics along, so none gets past here.
 */
export function guardHost(
  call: HostAccess['call'],
  wallClockMs: HostAccess['wallClockMs'],
  elapsedMs: HostAccess['elapsedMs'],
): HostAccess {
  const { apply } = Reflect
  const NativeRangeError = RangeError
  const NativeTypeError = TypeError
  const noStack = (): Error => new NativeRangeError('Maximum call stack size exceeded')

  // Arguments lie on the stack, so this call fails here, in this realm and before the runner has done
  // half of something, unless there is room for it: 6,000 words of 8 bytes, for 5 microseconds. With
  // 1,500 words the runner runs out of stack itself, with 4,000 it never did.
  const room = new Array<number>(6_000).fill(0)
  const nothing = (): void => {}

  return {
    call: (operation, text) => {
      if (typeof operation !== 'string' || typeof text !== 'string') {
        throw new NativeTypeError('Only text leaves the realm')
      }
      try {
        apply(nothing, undefined, room)
        return call(operation, text)
      } catch {
        throw noStack()
      }
    },
    wallClockMs: () => {
      try {
        return wallClockMs()
      } catch {
        throw noStack()
      }
    },
    elapsedMs: () => {
      try {
        return elapsedMs()
      } catch {
        throw noStack()
      }
    },
  }
}

/**
 * Takes away what a program could measure time or wait with behind the runner's back, and what only
 * this engine has: a program runs the same in both or says at once what is missing.
 */
export function removeGlobals(): void {
  const { deleteProperty } = Reflect
  for (const name of ['Atomics', 'SharedArrayBuffer', 'Temporal', 'WebAssembly']) {
    deleteProperty(globalThis, name)
  }
  deleteProperty(Date.prototype, 'toTemporalInstant')
}
