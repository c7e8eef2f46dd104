import { parsePatterns } from './parse-pattern.ts'
import { type Automaton, automatonOf, canTakeSame } from './pattern-automaton.ts'

/** A repeated group, the only thing that can match one text in exponentially many ways. */
const REPEATED_GROUP = /\)(?:[*+]|\{\d+,)/

/** Pairs of places that are looked at before the pattern is given up. */
const MAX_PAIRS = 40_000

/**
 * Whether a backtracking matcher can take exponential time to find that a text does not match: there is a
 * place from which one text leads back to it in two ways, and behind it something that can fail. Each
 * further repetition of that text then doubles the ways to be tried.
 *
 * @param source - The text between the slashes.
 * @returns `null` where that cannot be shown: patterns that no engine takes, or that are very large.
 */
export function regexHazard(source: string, flags: string): 'exponential' | null {
  if (!REPEATED_GROUP.test(source)) return null
  const isExponential = parsePatterns(source, flags).some((pattern) => {
    const automaton = automatonOf(pattern)
    return automaton !== null && isAmbiguous(automaton)
  })
  return isExponential ? 'exponential' : null
}

/** Walks two matchers in step: can they part at a place and meet there again? */
function isAmbiguous(automaton: Automaton): boolean {
  const size = automaton.sets.length
  let pairsLeft = MAX_PAIRS
  for (const start of automaton.canStillFail) {
    const reached = new Set<number>()
    const todo: (readonly [a: number, b: number, haveParted: boolean])[] = [[start, start, false]]
    for (const [a, b, haveParted] of todo) {
      pairsLeft -= 1
      if (pairsLeft < 0) return false
      for (const [nextA, waysA] of automaton.next[a] ?? []) {
        for (const [nextB] of automaton.next[b] ?? []) {
          if (!canTakeSame(automaton, nextA, nextB)) continue
          const part = haveParted || nextA !== nextB || (a === b && waysA > 1)
          if (part && nextA === start && nextB === start) return true
          const key = (nextA * size + nextB) * 2 + Number(part)
          if (reached.has(key)) continue
          reached.add(key)
          todo.push([nextA, nextB, part])
        }
      }
    }
  }
  return false
}
