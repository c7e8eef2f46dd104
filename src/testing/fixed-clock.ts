/** A clock that stands still until it is told to move. */
export interface FixedClock {
  /** Milliseconds since 1970; hand this to `AgenticApp`'s option `clock`. */
  readonly now: () => number
  /** Moves the clock forward, in milliseconds. */
  advance(ms: number): void
}

/**
 * Makes a clock for tests of anything that expires.
 *
 * @param startMs - Milliseconds since 1970. Default 2025-07-01T00:00:00Z.
 *
 * @example
 * ```ts
 * const clock = fixedClock()
 * clock.advance(1_800_000)
 * ```
 */
export function fixedClock(startMs: number = Date.UTC(2025, 6, 1)): FixedClock {
  let now = startMs
  return {
    now: () => now,
    advance(ms) {
      now += ms
    },
  }
}
