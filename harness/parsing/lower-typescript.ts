import { decodedMappings, TraceMap } from '@jridgewell/trace-mapping'
import { transformSync } from 'amaro'
import type { RemovedImport } from './module-declarations.ts'
import type { UnreadableProgramError } from './program-message.ts'
import { MappedText } from './text-map.ts'
import { unreadable } from './text-rules.ts'
import { blankModuleSyntax } from './typescript-module-syntax.ts'

/** A program without types, and the imports that had to go because the text returns as well. */
export interface LoweredProgram {
  readonly text: MappedText
  readonly imports: readonly RemovedImport[]
}

// Top-level `return` is legal in a function only, `import` and `export` in a module only. The opening
// stands on a line of its own, so that columns stay as they are.
const OPENING = 'async function program() {\n'
const CLOSING = '\n}\n'

/** The lowering library has run out of stack on some text, and does not recover. */
export class LoweringOverflowError extends Error {
  constructor(cause: unknown) {
    super('The lowering library has failed', { cause })
    this.name = 'LoweringOverflowError'
  }
}

/** What the lowering library throws. */
interface LoweringError {
  readonly code: 'UnsupportedSyntax' | 'InvalidSyntax'
  readonly message: string
  readonly startLine: number
  readonly startColumn: number
}

type Lowered = { readonly text: MappedText } | { readonly error: LoweringError }

/**
 * Removes the types from a program. Enums, parameter properties, namespaces and type assertions in
 * angle brackets become JavaScript; everything else keeps its line and column.
 *
 * @throws {UnreadableProgramError} The text is not TypeScript.
 * @throws {LoweringOverflowError} No further text can be lowered in this process.
 */
export function lowerTypeScript(source: string): LoweredProgram {
  const asFunction = lowerBody(source)
  if ('text' in asFunction) return { text: asFunction.text, imports: [] }
  const asModule = lower(source)
  if ('text' in asModule) return { text: asModule.text, imports: [] }
  const blanked = blankModuleSyntax(source)
  if (blanked === null) throw syntaxError(asFunction.error, source)
  const asBoth = lowerBody(blanked.text)
  if ('error' in asBoth) throw syntaxError(asBoth.error, source)
  return { text: asBoth.text, imports: blanked.imports }
}

function lowerBody(source: string): Lowered {
  const lowered = lower(OPENING + source + CLOSING)
  if ('error' in lowered) {
    const { error } = lowered
    return { error: { ...error, startLine: error.startLine - 1 } }
  }
  const whole = lowered.text.text
  const closing = whole.lastIndexOf('}')
  const end = whole[closing - 1] === '\n' ? closing - 1 : closing
  // A function without statements is printed as `{}`.
  const opening = whole.startsWith(OPENING) ? OPENING : OPENING.trimEnd()
  if (!whole.startsWith(opening)) throw new Error('The lowering library moved the first line')
  return { text: lowered.text.slice(Math.min(opening.length, end), end).moveUp(1) }
}

function lower(source: string): Lowered {
  try {
    const { code } = transformSync(source, { mode: 'strip-only' })
    // Types leave blanks of their own length; anything else would move positions.
    if (code.length === source.length) return { text: MappedText.identity(code) }
    return transform(source)
  } catch (error) {
    if (!isLoweringError(error)) throw new LoweringOverflowError(error)
    return error.code === 'UnsupportedSyntax' ? transform(source) : { error }
  }
}

function transform(source: string): Lowered {
  try {
    const { code, map } = transformSync(source, { mode: 'transform', sourceMap: true })
    const decoded = decodedMappings(new TraceMap(map ?? '{"version":3,"sources":[],"mappings":""}'))
    const mappings = decoded.map((line) =>
      line.flatMap((segment) =>
        segment.length === 1 ? [] : [[segment[0], segment[2], segment[3]] as const],
      ),
    )
    return { text: MappedText.fromMappings(code, mappings) }
  } catch (error) {
    if (!isLoweringError(error)) throw new LoweringOverflowError(error)
    return { error }
  }
}

function isLoweringError(error: unknown): error is LoweringError {
  if (typeof error !== 'object' || error === null || !('code' in error)) return false
  return error.code === 'UnsupportedSyntax' || error.code === 'InvalidSyntax'
}

function syntaxError(error: LoweringError, source: string): UnreadableProgramError {
  const lines = source.split(/\r\n|[\n\r\u2028\u2029]/)
  const isBehindTheEnd = error.startLine > lines.length
  const line = isBehindTheEnd ? lines.length : Math.max(error.startLine, 1)
  const column = isBehindTheEnd ? (lines.at(-1) ?? '').length + 1 : error.startColumn + 1
  // The library's messages quote at most one token of the program.
  const detail = error.message.replaceAll(/\s+/g, ' ').slice(0, 200)
  const rule = SYNTAX_RULES.find(({ message }) => message.test(detail))
  return unreadable(rule?.ruleId ?? 'syntax', { detail: rule?.detail ?? detail, line, column })
}

/** Errors of the library that are really rules of ours. It gives them no codes. */
const SYNTAX_RULES = [
  { message: /^The 'with' statement/, ruleId: 'no-with', detail: "'with' in strict mode" },
  { message: /cannot be used outside of module code/, ruleId: 'no-forbidden-import', detail: null },
] as const
