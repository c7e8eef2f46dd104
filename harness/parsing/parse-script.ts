import { type ParseError, type ParseResult, parse } from '@babel/parser'
import type * as t from '@babel/types'
import type { UnreadableProgramError } from './program-message.ts'
import type { MappedText } from './text-map.ts'
import { unreadable } from './text-rules.ts'

/** What stands before the program in the text that runs. Strict, so that `this` is never the global object. */
export const SCRIPT_OPENING = '(async function () {"use strict";\n'

/** What stands behind it. The line break ends a comment on the program's last line. */
export const SCRIPT_CLOSING = '\n})'

/** The text that runs, read with the goal and strictness it will run with. */
export interface ParsedScript {
  readonly text: MappedText
  readonly file: t.File
  /** The body of the one function that is the whole script. */
  readonly body: t.BlockStatement
}

/** Puts a program into the function that makes a script of it. */
export function wrapProgram(program: MappedText): MappedText {
  return program.splice([
    { start: 0, end: 0, text: SCRIPT_OPENING },
    { start: program.text.length, end: program.text.length, text: SCRIPT_CLOSING },
  ])
}

/**
 * Parses a wrapped program and makes sure that the wrapper is closed by its own last bracket and by no
 * text of the program.
 *
 * @param options - `allowModuleSyntax` lets `import` and `export` through, for the step that removes them.
 * What it leaves is no part of a script, and the analysis refuses it.
 * @throws {UnreadableProgramError} The text is no program.
 */
export function parseScript(
  text: MappedText,
  options: { readonly allowModuleSyntax: boolean },
): ParsedScript {
  let file: ParseResult
  try {
    file = parse(text.text, {
      sourceType: 'script',
      allowImportExportEverywhere: options.allowModuleSyntax,
      attachComment: false,
      errorRecovery: true,
    })
  } catch (error) {
    throw isParseError(error) ? syntaxError(error, text) : error
  }
  const [first] = file.errors ?? []
  if (first !== undefined) throw syntaxError(first, text)
  return { text, file, body: soleFunctionBody(file, text) }
}

function soleFunctionBody(file: t.File, text: MappedText): t.BlockStatement {
  const { body, directives } = file.program
  const [statement] = body
  const main = statement?.type === 'ExpressionStatement' ? statement.expression : undefined
  const isWhole =
    body.length === 1 &&
    directives.length === 0 &&
    main?.type === 'FunctionExpression' &&
    main.async &&
    !main.generator &&
    main.start === 1 &&
    main.end === text.text.length - 1
  if (isWhole) return main.body
  const at = text.at(firstFunctionEnd(file.program) ?? text.text.length)
  const detail = 'the program closes a bracket that it did not open'
  throw unreadable('syntax', { detail, ...at })
}

/** Where the wrapper was closed too early. */
function firstFunctionEnd(program: t.Program): number | null {
  let end: number | null = null
  const visit = (value: unknown): void => {
    if (end !== null || typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) return value.forEach(visit)
    if ('start' in value && value.start === 1 && 'type' in value && 'end' in value) {
      if (value.type === 'FunctionExpression') end = Number(value.end) - 1
    }
    if (!('type' in value)) return
    for (const [key, child] of Object.entries(value)) {
      if (key !== 'loc' && key !== 'extra') visit(child)
    }
  }
  visit(program.body)
  return end
}

type SyntaxRule = Parameters<typeof unreadable>[0]

/** Errors of the parser that are really rules of ours, by the parser's reason code. */
const SYNTAX_RULES: Readonly<Record<string, SyntaxRule>> = {
  StrictWith: 'no-with',
  ImportMetaOutsideModule: 'no-forbidden-import',
  ImportOutsideModule: 'no-forbidden-import',
  UnexpectedImportExport: 'no-forbidden-import',
}

/** Syntax of tomorrow and of other languages, which the parser knows and the engine does not. */
const NOT_ENABLED: ReadonlySet<string> = new Set(['MissingPlugin', 'MissingOneOfPlugins'])

function syntaxError(error: ParseError, text: MappedText): UnreadableProgramError {
  const at = text.at(Math.min(error.pos, text.text.length - SCRIPT_CLOSING.length))
  if (NOT_ENABLED.has(error.reasonCode)) {
    const isImport = /sourcePhaseImports|deferredImportEvaluation/.test(error.message)
    const detail = 'this syntax is not part of the language that programs are written in'
    return unreadable(isImport ? 'no-forbidden-import' : 'syntax', { detail, ...at })
  }
  // The parser appends its own position, which is one in the text that runs.
  const detail = error.message
    .replace(/\s*\(\d+:\d+\)$/, '')
    .replaceAll(/\s+/g, ' ')
    .slice(0, 200)
    .replace(/\.$/, '')
  const before = text.text.slice(Math.max(0, error.pos - 200), error.pos)
  const isImport = /(?:^|[\n;])\s*import\s+[\w$]+\s*$/.test(before)
  return unreadable(
    SYNTAX_RULES[error.reasonCode] ?? (isImport ? 'no-forbidden-import' : 'syntax'),
    {
      detail,
      ...at,
    },
  )
}

function isParseError(error: unknown): error is ParseError {
  return error instanceof SyntaxError && 'reasonCode' in error && 'pos' in error
}
