import type { ProgramFacts } from '../program.ts'
import { allocationSize, loopRounds } from './constant-sizes.ts'
import { LoopExits } from './loop-exits.ts'
import type { ProgramView } from './program-view.ts'
import { endlessRecursions } from './recursion.ts'
import { regexHazard } from './regex/regex-hazard.ts'
import { isFunction, type SyntaxPath } from './syntax/syntax-path.ts'
import { isLoopUnbounded } from './unbounded-loop.ts'

type Hazard = ProgramFacts['resourceHazards'][number]

/** Sizes below this one are not worth a line in the record. */
const SMALLEST_SIZE = 1_000
const MAX_HAZARDS = 200

/** What a program could spend more time or memory on than it has, as far as its text shows. */
export function resourceHazards(program: ProgramView): readonly Hazard[] {
  const hazards = [
    ...loops(program),
    ...largeAllocations(program),
    ...recursions(program),
    ...expensiveExpressions(program),
  ]
  return hazards.sort((a, b) => a.line - b.line || a.column - b.column).slice(0, MAX_HAZARDS)
}

function loops(program: ProgramView): Hazard[] {
  const { folder } = program
  const hazards: Hazard[] = []
  const rounds = new Map<SyntaxPath, number>()
  const all = program.paths('ForStatement', 'WhileStatement', 'DoWhileStatement')
  if (all.length === 0) return hazards
  const exits = new LoopExits(program)
  for (const path of all) {
    if (isLoopUnbounded(path, folder, exits)) {
      const message = 'This loop has no end that can be reached'
      hazards.push({ kind: 'unbounded-loop', message, ...program.at(path.node) })
    }
    const size = loopRounds(path, folder)
    // A loop that can be left makes as many rounds as it needs.
    if (size === null || (size >= SMALLEST_SIZE && exits.canLeave(path))) continue
    rounds.set(path, size)
    if (size < SMALLEST_SIZE) continue
    const message = `This loop runs ${size} times`
    hazards.push({ kind: 'large-range', message, size, ...program.at(path.node) })
  }
  return [...hazards, ...nestedRanges(program, rounds)]
}

/** Loops in loops, each with a constant number of rounds, that are harmless only one by one. */
function nestedRanges(program: ProgramView, rounds: ReadonlyMap<SyntaxPath, number>): Hazard[] {
  const hazards: Hazard[] = []
  for (const [path, own] of rounds) {
    let size = own
    let around = path.findParent((parent) => isFunction(parent) || rounds.has(parent))
    const isNested = around !== null && rounds.has(around)
    for (; around !== null && rounds.has(around); around = next(around, rounds)) {
      size *= rounds.get(around) ?? 1
    }
    if (!isNested || size < SMALLEST_SIZE) continue
    const message = `These nested loops run ${size} times`
    hazards.push({ kind: 'nested-range', message, size, ...program.at(path.node) })
  }
  return hazards
}

function next(path: SyntaxPath, rounds: ReadonlyMap<SyntaxPath, number>): SyntaxPath | null {
  return path.findParent((parent) => isFunction(parent) || rounds.has(parent))
}

function largeAllocations(program: ProgramView): Hazard[] {
  const hazards: Hazard[] = []
  for (const path of program.paths('NewExpression', 'CallExpression', 'BinaryExpression')) {
    const size = allocationSize(path, program)
    if (size === null || size < SMALLEST_SIZE) continue
    const message = `This creates ${size} elements at once`
    hazards.push({ kind: 'large-allocation', message, size, ...program.at(path.node) })
  }
  return hazards
}

function recursions(program: ProgramView): Hazard[] {
  return endlessRecursions(program).map((path) => ({
    kind: 'recursion',
    message: 'This function calls itself on every way through it',
    ...program.at(path.node),
  }))
}

function expensiveExpressions(program: ProgramView): Hazard[] {
  const hazards: Hazard[] = []
  const add = (path: SyntaxPath, pattern: string, flags: string) => {
    if (regexHazard(pattern, flags) === null) return
    const message =
      'This regular expression can match one text in so many ways that it takes forever to fail'
    hazards.push({ kind: 'regex', message, ...program.at(path.node) })
  }
  for (const path of program.paths('RegExpLiteral')) add(path, path.node.pattern, path.node.flags)
  for (const path of program.paths('NewExpression', 'CallExpression')) {
    if (!program.isFree(path.get('callee'), 'RegExp')) continue
    const [pattern, flags] = path.all('arguments')
    const text = pattern?.is('RegExpLiteral') ? null : program.folder.text(pattern)
    if (text !== null) add(path, text, program.folder.text(flags) ?? '')
  }
  return hazards
}
