import type { Diagnostic } from './diagnostic.ts'
import type { DeclaredType, ToolTypes } from './tool-types.ts'

/** A declared object type as a diagnostic mentions it. */
export type DeclaredObject = Extract<DeclaredType, { readonly path: string }>

/** "Type `source` is not assignable to type `target`", wherever TypeScript says so. */
export interface Mismatch {
  readonly source: string
  readonly target: string
}

const MISMATCHES: Readonly<Record<number, RegExp>> = {
  2322: /^Type '(.+)' is not assignable to type '(.+)'\.?$/s,
  2345: /^Argument of type '(.+)' is not assignable to parameter of type '(.+)'\.?$/s,
  2559: /^Type '(.+)' has no properties in common with type '(.+)'\.?$/s,
  2739: /^Type '(.+)' is missing the following properties from type '(.+)': /s,
  2740: /^Type '(.+)' is missing the following properties from type '(.+)': /s,
  2741: /^Property '.+' is missing in type '(.+)' but required in type '(.+)'\.?$/s,
}

/** Every mismatch that a diagnostic states, from the outermost to the most precise. */
export function mismatchesOf({ code, text, reasons }: Diagnostic): readonly Mismatch[] {
  return [{ code, text }, ...reasons].flatMap((stated) => {
    const [, source, target] = MISMATCHES[stated.code]?.exec(stated.text) ?? []
    return source === undefined || target === undefined ? [] : [{ source, target }]
  })
}

/**
 * The declared types that a type is made of.
 *
 * @returns `null` if it is, even in part, made of anything else.
 */
export function declaredTypesIn(
  type: string,
  { types }: ToolTypes,
): readonly DeclaredType[] | null {
  const declared = type
    .split(/ [|&] /)
    .filter((part) => part !== 'null' && part !== 'undefined')
    .map((part) => types.get(part))
  return declared.length > 0 && declared.every((one) => one !== undefined) ? declared : null
}

/**
 * What a value surely is, in words; `null` where the type may be wrong about it: a union, of which one
 * member may fit, a class with a `toJSON`, or something that was never said.
 */
export function sureKind(type: string): string | null {
  if (type === 'string' || /^"(?:[^"\\]|\\.)*"$/.test(type) || /^`[^`]*`$/.test(type))
    return 'a string'
  if (type === 'number' || /^-?[\d.]+(?:e[+-]?\d+)?$/.test(type)) return 'a number'
  if (type === 'boolean' || type === 'true' || type === 'false') return 'a boolean'
  if (type === 'bigint' || /^-?\d+n$/.test(type)) return 'a BigInt'
  if (isPromise(type)) return 'a promise'
  if (isUnion(type)) return null
  if (/^(?:Weak)?(?:Map|Set)<.*>$/s.test(type)) return `a ${type.slice(0, type.indexOf('<'))}`
  if (type.endsWith('[]')) return 'an array'
  if (/^\{.*\}$/s.test(type)) return 'an object'
  return /^\(.*\) => /s.test(type) ? 'a function' : null
}

/** Whether a type is a promise and nothing else. */
export function isPromise(type: string): boolean {
  return /^Promise<.*>$/s.test(type) && !isUnion(type)
}

/** Whether `|` or `&` stand outside every bracket, so that the type is not one thing. */
function isUnion(type: string): boolean {
  let depth = 0
  for (const character of type.replaceAll('=>', '')) {
    if ('([{<'.includes(character)) depth += 1
    else if (')]}>'.includes(character)) depth -= 1
    else if (depth === 0 && (character === '|' || character === '&')) return true
  }
  return false
}

/** Whether a type is one value or a choice of values, such as `"open" | "closed"`. */
export function isChoice(type: string): boolean {
  return type.split(' | ').every((part) => /^(?:".*"|-?[\d.]+|true|false|null)$/s.test(part))
}

const MAX_PROPERTIES = 12
const MAX_TYPE = 80

/** The properties of a declared object in one line: `order_id: number, tags?: string[]`. */
export function describeProperties(declared: DeclaredObject, types: ToolTypes): string {
  const { properties } = declared
  if (properties.length === 0) return 'none'
  const listed = properties.slice(0, MAX_PROPERTIES).map(({ name, type, isRequired }) => {
    return `${shown(name)}${isRequired ? '' : '?'}: ${describeType(type, types)}`
  })
  return listed.join(', ') + (properties.length > MAX_PROPERTIES ? ', …' : '')
}

/** A type in words of its author: the names that were made up for the check are spelled out. */
export function describeType(type: string, { types }: ToolTypes): string {
  const spelled = type.replaceAll('readonly ', '').replaceAll(/[A-Z]\w+\$\d+\$\d+/g, (name) => {
    const declared = types.get(name)
    if (declared === undefined || !('properties' in declared)) return 'object'
    const names = declared.properties.map(
      ({ name: property, isRequired }) => `${shown(property)}${isRequired ? '' : '?'}`,
    )
    return names.length === 0 ? '{}' : `{ ${names.slice(0, MAX_PROPERTIES).join(', ')} }`
  })
  const line = spelled.replaceAll(/\s+/g, ' ')
  return line.length > MAX_TYPE ? `${line.slice(0, MAX_TYPE - 1)}…` : line
}

/** A name from a program or a schema that is safe to repeat: short, on one line. */
export function shown(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?')
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain
}

/** Where a value stands in an argument or an answer: `items[].price`. */
export function pathOf(declared: DeclaredObject, property: string): string {
  return shown(declared.path === '' ? property : `${declared.path}.${property}`)
}
