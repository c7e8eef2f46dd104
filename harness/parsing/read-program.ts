import { analyzeProgram } from '../analysis/analyze-program.ts'
import { ProgramView } from '../analysis/program-view.ts'
import { lowerTypeScript } from './lower-typescript.ts'
import { normaliseProgram } from './normalise-program.ts'
import { parseScript, wrapProgram } from './parse-script.ts'
import {
  type ProgramAnswer,
  type ProgramQuestion,
  UnreadableProgramError,
} from './program-message.ts'
import { MappedText } from './text-map.ts'

/**
 * Everything that turns text into a program: lower, wrap, parse, normalise, parse again if that changed
 * anything, analyse. Hostile text hurts whoever runs this, so it runs in a child that can be killed.
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
    const { code, finding } = new UnreadableProgramError('ERR_SANDBOX_LIMIT', {
      ruleId: 'program-nesting',
      message: 'The program nests its expressions too deep to be read',
      hint: 'Give the inner parts names, or use a loop',
    })
    return { ok: false, code, findings: [finding] }
  }
}

function read(question: ProgramQuestion) {
  const { source, language, toolNames, skipRules } = question
  // Of the same length, so that nothing moves; a rule reports it.
  const runnable = source.startsWith('#!') ? `//${source.slice(2)}` : source
  const lowered =
    language === 'ts'
      ? lowerTypeScript(runnable)
      : { text: MappedText.identity(runnable), imports: [] }
  const wrapped = wrapProgram(lowered.text)
  const raw = parseScript(wrapped, { allowModuleSyntax: true })
  const normalised = normaliseProgram(raw)
  const script =
    normalised.text === raw.text ? raw : parseScript(normalised.text, { allowModuleSyntax: false })
  const view = new ProgramView({
    source,
    code: script.text.text,
    file: script.file,
    toolNames,
    imports: [...lowered.imports, ...normalised.imports],
    at: (offset) => script.text.at(offset),
  })
  return {
    code: script.text.text,
    ...analyzeProgram(view, { skipRules }),
    positions: script.text.positions(),
  }
}
