import type { Program, ProgramFacts } from '../program.ts'
import type { Finding } from '../verdict.ts'
import { ALL_RULES } from './all-rules.ts'
import { maxLoopDepth } from './loops.ts'
import type { ProgramView } from './program-view.ts'
import { resourceHazards } from './resource-hazards.ts'

/** Findings of one program that are kept; a program with more is refused by the first of them. */
const MAX_FINDINGS = 100

/** Reads the facts off a program and asks every rule. */
export function analyzeProgram(
  program: ProgramView,
  options: { readonly skipRules: boolean },
): Pick<Program, 'facts' | 'findings'> {
  return {
    facts: factsOf(program),
    findings: options.skipRules ? [] : findingsOf(program),
  }
}

function factsOf(program: ProgramView): ProgramFacts {
  return {
    lineCount: program.source.replace(/\s+$/, '').split('\n').length,
    nodeCount: program.nodeCount,
    maxLoopDepth: maxLoopDepth(program),
    toolUses: program.toolUses.map(
      ({ tool, constantArguments, isConstant, isSingle, line, column }) => ({
        tool,
        constantArguments,
        isConstant,
        isSingle,
        line,
        column,
      }),
    ),
    imports: [
      ...program.imports.map(({ specifier, line, column }) => ({ specifier, line, column })),
      ...program.paths('ImportExpression').map((path) => ({
        specifier: program.folder.text(path.get('source')),
        ...program.at(path.node),
      })),
    ],
    resourceHazards: resourceHazards(program),
  }
}

function findingsOf(program: ProgramView): Finding[] {
  const findings = ALL_RULES.flatMap((rule) => rule.check(program))
  // A flood of warnings must not push a violation out.
  findings.sort((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0))
  return findings
    .slice(0, MAX_FINDINGS)
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}

function rank({ severity }: Finding): number {
  return severity === 'violation' ? 0 : 1
}
