import { analyzeProgram } from '../analysis/analyze-program.ts'
import { ProgramView } from '../analysis/program-view.ts'
import { UnknownSyntaxError } from '../analysis/syntax/syntax-tree.ts'
import type { SourcePosition } from '../program.ts'
import { lowerTypeScript } from './lower-typescript.ts'
import type { RemovedImport } from './module-declarations.ts'
import { normaliseProgram } from './normalise-program.ts'
import { type ParsedScript, parseScript, wrapProgram } from './parse-script.ts'
import {
  type ProgramAnswer,
  type ProgramQuestion,
  UnreadableProgramError,
} from './program-message.ts'
import { MappedText } from './text-map.ts'
import { unreadable } from './text-rules.ts'

/**
 * Everything that turns text into a program: lower, wrap, parse, normalise, parse again if that changed
 * anything, analyse. Hostile text hurts whoever runs this, so it runs in a child that can be killed.
 *
 * @throws {LoweringOverflowError} No further TypeScript can be read in this process.
 */
export function readProgram(question: ProgramQuestion): ProgramAnswer {
  try {
    return { ok: true, ...read(question) }
  } catch (error) {
    if (error instanceof UnreadableProgramError) {
      return { ok: false, code: error.code, findings: [error.finding] }
    }
    // The stack of the parser or of a walk over its tree.
    if (!(error instanceof RangeError)) throw error
    return nestedTooDeep()
  }
}

/** The answer to a text on which a parser has run out of stack. */
export function nestedTooDeep(): ProgramAnswer {
  const { code, finding } = tooDeep({})
  return { ok: false, code, findings: [finding] }
}

function read(question: ProgramQuestion) {
  const { source, language, skipRules, modules } = question
  // Of the same length, so that nothing moves; a rule reports it.
  const runnable = source.startsWith('#!') ? `//${source.slice(2)}` : source
  const lowered =
    language === 'ts'
      ? lowerTypeScript(runnable)
      : { text: MappedText.identity(runnable), imports: [] }
  const raw = parseScript(wrapProgram(lowered.text), { allowModuleSyntax: true })
  const normalised = normaliseProgram(raw, { modules, imports: lowered.imports })
  const script =
    normalised.text === raw.text ? raw : parseScript(normalised.text, { allowModuleSyntax: false })
  const view = viewOf(question, script, normalised.imports)
  return {
    code: script.text.text,
    ...analyzeProgram(view, { skipRules }),
    positions: script.text.positions(),
  }
}

function viewOf(
  { source, toolNames, modules }: ProgramQuestion,
  script: ParsedScript,
  imports: readonly RemovedImport[],
): ProgramView {
  const { text, file } = script
  try {
    return new ProgramView({
      source,
      code: text.text,
      file,
      toolNames,
      modules,
      imports: imports.map(({ specifier, names, line, column }) => ({
        specifier,
        names: names ?? [],
        isReExport: names === null,
        line,
        column,
      })),
      at: (offset) => text.at(offset),
    })
  } catch (error) {
    if (!(error instanceof UnknownSyntaxError)) throw error
    const at = text.at(error.offset)
    if (error.nodeType === null) throw tooDeep(at)
    // What is left of imports and exports stands where even a module may not have it.
    if (/^(?:Import|Export)/.test(error.nodeType)) {
      const detail = "'import' and 'export' may only appear at the top level"
      throw unreadable('no-forbidden-import', { detail, ...at })
    }
    throw unreadable('syntax', { detail: 'this syntax cannot be analysed', ...at })
  }
}

function tooDeep(at: Partial<SourcePosition>): UnreadableProgramError {
  return new UnreadableProgramError('ERR_SANDBOX_LIMIT', {
    ruleId: 'program-nesting',
    message: 'The program nests its expressions too deep to be read',
    hint: 'Give the inner parts names, or use a loop',
    ...at,
  })
}
