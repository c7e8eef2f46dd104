import type { Program, ProgramFacts, ToolUse } from '../program.ts'
import type { Finding } from '../verdict.ts'
import { ALL_RULES } from './all-rules.ts'
import { complexityOf } from './complexity.ts'
import { CallCounter } from './facts/call-count.ts'
import { maxLoopDepth } from './loops.ts'
import type { ProgramView } from './program-view.ts'
import { resourceHazards } from './resource-hazards.ts'
import { findingsOf } from './rule.ts'
import { noEval } from './rules/no-eval.ts'

/** Findings of one program that are kept; a program with more is refused by the first of them. */
const MAX_FINDINGS = 100

/**
 * Tool uses that are told apart. A program with more is said to use any tool, so that nothing that is
 * left out counts as absent.
 */
const MAX_TOOL_USES = 1_000
/** Places of each other kind that are told to the host. */
const MAX_PLACES = 1_000
/** Characters of constant arguments that are told to the host, as JSON; the others count as computed. */
const MAX_ARGUMENT_CHARACTERS = 524_288

/** Reads the facts off a program and asks every rule. */
export function analyzeProgram(
  program: ProgramView,
  options: { readonly skipRules: boolean },
): Pick<Program, 'facts' | 'findings'> {
  return {
    facts: factsOf(program),
    findings: options.skipRules ? [] : findAll(program),
  }
}

function factsOf(program: ProgramView): ProgramFacts {
  return {
    lineCount: lineCountOf(program.source),
    nodeCount: program.tree.nodeCount,
    complexity: complexityOf(program),
    maxLoopDepth: maxLoopDepth(program),
    toolUses: toolUsesOf(program),
    imports: [
      ...program.imports.map(({ specifier, line, column }) => {
        const isRegistered = program.modules.some(({ name }) => name === specifier)
        return { specifier, line, column, ...(isRegistered ? { isRegistered } : {}) }
      }),
      ...program.paths('ImportExpression').map((path) => ({
        specifier: program.folder.text(path.get('source')),
        ...program.at(path.node),
      })),
    ].slice(0, MAX_PLACES),
    codeFromText: findingsOf(noEval, program).map(({ line = 1, column = 1 }) => ({ line, column })),
    resourceHazards: resourceHazards(program),
  }
}

function lineCountOf(source: string): number {
  let count = 1
  const end = source.trimEnd().length
  for (let at = source.indexOf('\n'); at !== -1 && at < end; at = source.indexOf('\n', at + 1)) {
    count += 1
  }
  return count
}

function toolUsesOf(program: ProgramView): readonly ToolUse[] {
  const counter = new CallCounter(program.folder)
  let charactersLeft = MAX_ARGUMENT_CHARACTERS
  const uses = program.toolUses.slice(0, MAX_TOOL_USES).map((use): ToolUse => {
    const { tool, constantArguments, isConstant, isSingle, line, column } = use
    const place = { isSingle, maxCalls: counter.maxCalls(use), line, column }
    const isEmpty = Object.keys(constantArguments).length === 0
    if (!isEmpty) charactersLeft -= JSON.stringify(constantArguments).length
    if (charactersLeft < 0) return { tool, constantArguments: {}, isConstant: false, ...place }
    return { tool, constantArguments, isConstant, ...place }
  })
  const [left] = program.toolUses.slice(MAX_TOOL_USES)
  if (left === undefined) return uses
  const { line, column } = left
  const any = { tool: '*', constantArguments: {}, isConstant: false, isSingle: false }
  return [...uses, { ...any, line, column }]
}

function findAll(program: ProgramView): Finding[] {
  const findings = ALL_RULES.flatMap((rule) => findingsOf(rule, program))
  // A flood of warnings must not push a violation out.
  findings.sort((a, b) => rank(a) - rank(b) || inOrder(a, b))
  return findings.slice(0, MAX_FINDINGS).sort(inOrder)
}

function rank({ severity }: Finding): number {
  return severity === 'violation' ? 0 : 1
}

function inOrder(a: Finding, b: Finding): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}
