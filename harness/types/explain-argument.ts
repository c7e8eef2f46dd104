import type { Diagnostic } from './diagnostic.ts'
import { expressionAt, isWholeObject, mentionsChanging } from './source-look.ts'
import type { ToolTypes } from './tool-types.ts'
import type { Explanation } from './type-finding.ts'
import {
  type DeclaredObject,
  declaredTypesIn,
  describeProperties,
  describeType,
  isChoice,
  type Mismatch,
  mismatchesOf,
  pathOf,
  shown,
  sureKind,
} from './type-text.ts'

/** What a diagnostic is read together with. */
export interface ReadingContext {
  /** The text that was checked; offsets of diagnostics are offsets in it. */
  readonly text: string
  readonly types: ToolTypes
}

const UNKNOWN_PROPERTY =
  /^Object literal may only specify known properties, (?:and|but) '(.+)' does not exist in type '(.+?)'\.(?: Did you mean to write '(.+)'\?)?$/s
const MISSING = /^Property '(.+)' is missing in type '.+' but required in type '(.+)'\.?$/s
const MISSING_SEVERAL = /^Type '.+' is missing the following properties from type '(.+?)': (.+)$/s
const EXPECTED_BY =
  /^The expected type comes from property '(.+)' which is declared here on type '(.+)'$/s

/** What a diagnostic says about the argument of a tool; `null` if it says nothing that is sure. */
export function explainArgument(
  diagnostic: Diagnostic,
  context: ReadingContext,
): Explanation | null {
  const { code, remarks } = diagnostic
  if (code === 2353 || code === 2561) return unknownProperty(diagnostic, context)
  if (remarks.some(({ code, text }) => code === 6210 && text.includes("'argument$'"))) {
    return noArgument(diagnostic, context)
  }
  return (
    missingProperty(diagnostic, context) ??
    wrongProperty(diagnostic, context) ??
    noObject(diagnostic, context)
  )
}

function unknownProperty({ text }: Diagnostic, { types }: ReadingContext): Explanation | null {
  const [, written = '', target = '', meant] = UNKNOWN_PROPERTY.exec(text) ?? []
  const [declared] = declaredTypesIn(target, types) ?? []
  if (declared?.kind === 'extra') return oneObject(declared.tool, 'two arguments', types)
  if (declared?.kind !== 'argument') return null
  const path = pathOf(declared, written.replaceAll(/^"|"$/g, ''))
  const guess = meant === undefined ? '' : `; did you mean "${shown(meant)}"?`
  return {
    ruleId: 'types/tool-argument',
    message: `Tool "${declared.tool}" takes no argument "${path}"${guess}`,
    hint: argumentsOf(declared, types),
  }
}

function noArgument({ end }: Diagnostic, { text, types }: ReadingContext): Explanation | null {
  // The name of the method is marked, or the brackets behind a computed one.
  const before = text.slice(Math.max(0, end - 70), end)
  const tool = types.toolNames.find((name) => before.endsWith(name) || before.includes(`"${name}"`))
  if (tool === undefined) return null
  return oneObject(tool, 'nothing', types)
}

function missingProperty(diagnostic: Diagnostic, context: ReadingContext): Explanation | null {
  const stated = [diagnostic, ...diagnostic.reasons].flatMap(({ text }) => {
    const [, one, ofOne] = MISSING.exec(text) ?? []
    if (one !== undefined && ofOne !== undefined) return [{ names: [one], type: ofOne }]
    const [, ofSeveral, several] = MISSING_SEVERAL.exec(text) ?? []
    if (several === undefined || ofSeveral === undefined) return []
    return [{ names: several.split(', '), type: ofSeveral }]
  })
  for (const { names, type } of stated) {
    const declared = soleArgument(type, context.types)
    if (declared === null) continue
    const expression = expressionAt(context.text, diagnostic)
    if (/^\[/.test(expression)) return oneObject(declared.tool ?? '', 'an array', context.types)
    // What is not written out here may have got its properties on the way.
    if (!isWholeObject(expression)) return null
    const listed = names.map((name) => `"${pathOf(declared, name)}"`).join(', ')
    const [what, is] = names.length > 1 ? ['Arguments', 'are'] : ['Argument', 'is']
    return {
      ruleId: 'types/tool-argument',
      message: `${what} ${listed} of tool "${declared.tool}" ${is} required and missing`,
      hint: argumentsOf(declared, context.types),
    }
  }
  return null
}

function wrongProperty(diagnostic: Diagnostic, context: ReadingContext): Explanation | null {
  const place = diagnostic.remarks.flatMap(({ code, text }) => {
    const [, name, type] = code === 6500 ? (EXPECTED_BY.exec(text) ?? []) : []
    return name === undefined || type === undefined ? [] : [{ name, type }]
  })[0]
  if (place === undefined) return null
  const declared = soleArgument(place.type, context.types)
  const mismatches = mismatchesOf(diagnostic)
  const [outermost] = mismatches
  if (declared === null || outermost === undefined) return null
  // Each step has to be sure: of a union one member does not fit, and the value may be another.
  const kinds = mismatches.map(wrongKind)
  const [got] = kinds
  if (got === undefined || got === null || kinds.includes(null)) return null
  const expression = expressionAt(context.text, diagnostic)
  if (mentionsChanging(context.text, expression)) return null
  const path = pathOf(declared, place.name)
  if (got === 'a promise') {
    return {
      ruleId: 'types/missing-await',
      message: `Argument "${path}" of tool "${declared.tool}" is a promise that is not awaited`,
      hint: 'Write `await` in front of the call that gives it',
    }
  }
  const wanted = describeType(outermost.target, context.types)
  return {
    ruleId: 'types/tool-argument',
    message: `Argument "${path}" of tool "${declared.tool}" must be ${wanted}, got ${describeGot(outermost, got, context)}`,
    hint: argumentsOf(declared, context.types),
  }
}

/** What is handed over where something else is wanted; `null` if it may be right all the same. */
function wrongKind({ source, target }: Mismatch): string | null {
  const kind = sureKind(source)
  if (kind === null) return null
  // A variable that holds one of the choices has the type of all texts.
  const isWide = source === 'string' || source === 'number' || source === 'boolean'
  if (isWide && isChoice(target)) return null
  return kind
}

function describeGot(outermost: Mismatch, kind: string, { types }: ReadingContext): string {
  const isLiteral = /^"|^-?\d/.test(outermost.source)
  return isLiteral ? describeType(outermost.source, types) : kind
}

/** A call with something that is no object: positional arguments, or a tool handed on as a callback. */
function noObject(diagnostic: Diagnostic, context: ReadingContext): Explanation | null {
  for (const { source, target } of mismatchesOf(diagnostic)) {
    const [declared, more] = declaredTypesIn(target, context.types) ?? []
    if (declared === undefined || more !== undefined) continue
    const kind = sureKind(source)
    if (declared.kind === 'extra') return oneObject(declared.tool, 'two arguments', context.types)
    const isWhole = declared.kind === 'argument' && declared.path === ''
    if (!isWhole || kind === null || kind === 'an object' || kind === 'a function') continue
    if (mentionsChanging(context.text, expressionAt(context.text, diagnostic))) return null
    return oneObject(declared.tool ?? '', kind, context.types)
  }
  return null
}

function oneObject(tool: string, got: string, types: ToolTypes): Explanation {
  const declared = [...types.types.values()].find(
    (type) => type.kind === 'argument' && type.tool === tool && type.path === '',
  )
  const names =
    declared?.kind === 'argument'
      ? declared.properties.map(({ name, isRequired }) => shown(name) + (isRequired ? '' : '?'))
      : []
  return {
    ruleId: 'types/tool-argument',
    message: `Tool "${tool}" takes one object as its argument, got ${got}`,
    hint:
      names.length === 0
        ? 'Call it without an argument'
        : `Call it with { ${names.slice(0, 12).join(', ')} }`,
  }
}

function soleArgument(type: string, types: ToolTypes): DeclaredObject | null {
  const [declared, more] = declaredTypesIn(type, types) ?? []
  return declared?.kind === 'argument' && more === undefined ? declared : null
}

function argumentsOf(declared: DeclaredObject, types: ToolTypes): string {
  const where = declared.path === '' ? `Arguments of "${declared.tool}"` : `In "${declared.path}"`
  return `${where}: ${describeProperties(declared, types)}`
}
