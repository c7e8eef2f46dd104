import type { Intrinsics } from './intrinsics.ts'

/** Puts `performance` into the realm: the run's own clock, from 0 at its start. */
export function installPerformance(intrinsics: Intrinsics): { start(): void } {
  const { now, typeError } = intrinsics
  const wallClock = Date.now
  const key = {}
  let origin = 0

  class Performance {
    readonly #isReal: boolean = true
    constructor(made: unknown) {
      if (made !== key) throw typeError('Illegal constructor')
    }
    get timeOrigin(): number {
      return this.#isReal ? origin : 0
    }
    now(): number {
      return this.#isReal ? now() : 0
    }
    toJSON(): object {
      return { timeOrigin: this.timeOrigin }
    }
  }
  intrinsics.installClass(Performance)
  Object.defineProperty(Performance, 'length', { value: 0 })
  Object.defineProperty(globalThis, 'performance', {
    value: new Performance(key),
    writable: true,
    enumerable: true,
    configurable: true,
  })
  return {
    start: () => {
      origin = wallClock() - now()
    },
  }
}
