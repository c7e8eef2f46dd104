import { type CharacterSet, overlaps } from './character-set.ts'
import type { Pattern } from './parse-pattern.ts'

/**
 * The places of a pattern that take one character each, and where a matcher can go from each: Glushkov's
 * construction. A way that exists twice is counted twice, because a backtracking matcher tries it twice.
 */
export interface Automaton {
  readonly sets: readonly CharacterSet[]
  /** For each place, how many ways lead to each place that can be next. */
  readonly next: readonly ReadonlyMap<number, number>[]
  /** Places after which the rest of the pattern must still take a character or pass an assertion. */
  readonly canStillFail: ReadonlySet<number>
}

/** Places that are followed; patterns that models write have fewer than a hundred. */
const MAX_PLACES = 200
/** Rounds of a counted repetition that are written out: enough to see whether rounds can be told apart. */
const MAX_ROUNDS = 12

/** Builds the automaton, or answers `null` for a pattern that is too large. */
export function automatonOf(pattern: Pattern): Automaton | null {
  const builder = new AutomatonBuilder()
  const whole = builder.add(pattern)
  if (whole === null) return null
  return {
    sets: builder.sets,
    next: builder.next,
    canStillFail: builder.canStillFail(whole),
  }
}

/** A part of the pattern, by its places. */
interface Part {
  /** Places that can take its first character. */
  readonly first: readonly number[]
  /** Places that can take its last character. */
  readonly last: readonly number[]
  /** Whether it can match nothing. */
  readonly isNullable: boolean
  /** Whether matching nothing can fail, at an assertion or a reference. */
  readonly hasAssertion: boolean
}

const NOTHING: Part = { first: [], last: [], isNullable: true, hasAssertion: false }

class AutomatonBuilder {
  readonly sets: CharacterSet[] = []
  readonly next: Map<number, number>[] = []
  /** For each place, what has to be passed behind it before the pattern is done. */
  readonly #failing = new Set<number>()

  add(pattern: Pattern): Part | null {
    switch (pattern.kind) {
      case 'character':
        return this.#place(pattern.set)
      case 'assertion':
      case 'reference':
        return { ...NOTHING, hasAssertion: true }
      case 'sequence':
        return this.#sequence(pattern.parts.map((part) => () => this.add(part)))
      case 'choice':
        return this.#choice(pattern.parts)
      case 'repeat':
        return this.#repeat(pattern)
    }
  }

  /** Places from which the end is not reached by taking nothing more. */
  canStillFail(whole: Part): ReadonlySet<number> {
    const ends = new Set(whole.last)
    const result = new Set(this.#failing)
    for (const place of this.sets.keys()) if (!ends.has(place)) result.add(place)
    return result
  }

  #place(set: CharacterSet): Part | null {
    if (this.sets.length >= MAX_PLACES) return null
    const place = this.sets.push(set) - 1
    this.next.push(new Map())
    return { first: [place], last: [place], isNullable: false, hasAssertion: false }
  }

  #sequence(parts: readonly (() => Part | null)[]): Part | null {
    let whole = NOTHING
    for (const make of parts) {
      const part = make()
      if (part === null) return null
      this.#connect(whole.last, part.first)
      if (part.hasAssertion || !part.isNullable)
        for (const place of whole.last) this.#failing.add(place)
      whole = {
        first: whole.isNullable ? [...whole.first, ...part.first] : whole.first,
        last: part.isNullable ? [...whole.last, ...part.last] : part.last,
        isNullable: whole.isNullable && part.isNullable,
        hasAssertion: whole.hasAssertion || part.hasAssertion,
      }
    }
    return whole
  }

  #choice(parts: readonly Pattern[]): Part | null {
    const added = parts.map((part) => this.add(part))
    if (!added.every((part) => part !== null)) return null
    return {
      first: added.flatMap(({ first }) => first),
      last: added.flatMap(({ last }) => last),
      isNullable: added.some(({ isNullable }) => isNullable),
      hasAssertion: added.every(({ hasAssertion }) => hasAssertion),
    }
  }

  #repeat({ part, min, max }: Extract<Pattern, { kind: 'repeat' }>): Part | null {
    if (max === 0) return NOTHING
    const isUnbounded = max === Number.POSITIVE_INFINITY
    const rounds = Math.min(isUnbounded ? Math.max(min, 1) : max, MAX_ROUNDS)
    const makers = Array.from({ length: rounds }, (_, round) => () => {
      const added = this.add(part)
      if (added === null) return null
      const isLast = round === rounds - 1
      if (isUnbounded && isLast) this.#connect(added.last, added.first)
      const isOptional = round >= min
      return isOptional ? { ...added, isNullable: true, hasAssertion: false } : added
    })
    return this.#sequence(makers)
  }

  #connect(from: readonly number[], to: readonly number[]): void {
    for (const place of from) {
      const ways = this.next[place]
      for (const target of to) ways?.set(target, (ways.get(target) ?? 0) + 1)
    }
  }
}

/** Whether one character can lead to both places. */
export function canTakeSame(automaton: Automaton, a: number, b: number): boolean {
  const [setA, setB] = [automaton.sets[a], automaton.sets[b]]
  return a === b || (setA !== undefined && setB !== undefined && overlaps(setA, setB))
}
