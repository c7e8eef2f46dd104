import type { JsonObject, JsonValue } from '../json-value.ts'

/** How a type is written: once for a model to read, once for TypeScript to check. */
export interface TypeStyle {
  /** Stands for a value of which the schema says nothing, or nothing that TypeScript can say. */
  readonly anything: 'unknown' | 'any'
  /** What is in front of the line on which the type begins. Default nothing. */
  readonly indent?: string
  /** Whether a list whose items have places of their own is written as a tuple or as an array. */
  readonly tuples: 'exact' | 'as-arrays'
  /** `readonly` for values that are only handed over, such as arguments. */
  readonly arrays: 'mutable' | 'readonly'
  /** A comment for a property, with its line breaks, or an empty text. Default none. */
  readonly comment?: (schema: JsonValue, indent: string) => string
  /** Gives an object type a name. Default: it is written where it stands. */
  readonly nameObject?: (type: ObjectType) => string
}

/** An object type on its way to a name. */
export interface ObjectType {
  /** The type as it would be written where it stands, with its brackets. */
  readonly text: string
  /** Where it stands in the value: `items[].price`, empty for the value itself. */
  readonly path: string
  readonly properties: readonly ObjectTypeProperty[]
}

/** One property that a schema declares. */
export interface ObjectTypeProperty {
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
}

// Bounds for schemas of foreign origin: what is deeper or longer is said as `unknown`.
const MAX_DEPTH = 8
const MAX_TYPE_LENGTH = 8_000
const MAX_ALTERNATIVES = 64
// Without a common budget a schema that refers to itself twice grows as 2^depth.
const MAX_PARTS = 500

/**
 * Writes a JSON Schema (draft 2020-12) as a TypeScript type. What a schema says and TypeScript cannot is
 * left out; an object is closed unless its schema says `additionalProperties`.
 *
 * @example
 * ```ts
 * schemaToType({ type: ['string', 'null'] }, { anything: 'unknown', tuples: 'exact', arrays: 'mutable' })
 * // 'string | null'
 * ```
 */
export function schemaToType(schema: JsonValue, style: TypeStyle): string {
  const place = { depth: 0, indent: style.indent ?? '', path: '' }
  const text = new TypePrinter(schema, style).print(schema, place)
  return text.length > MAX_TYPE_LENGTH ? style.anything : text
}

/** A property name as it is written in an object type. */
export function propertyKey(name: string): string {
  return isIdentifier(name) ? name : JSON.stringify(name)
}

/** Whether a name can stand behind a dot. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name)
}

/** Whether a tool can be called without an argument: the gate takes that for an empty object. */
export function acceptsEmptyObject(schema: JsonObject): boolean {
  const required = schema['required']
  return schema['type'] === 'object' && (!Array.isArray(required) || required.length === 0)
}

interface Place {
  readonly depth: number
  readonly indent: string
  readonly path: string
}

const PRIMITIVES: ReadonlyMap<JsonValue, string> = new Map([
  ['string', 'string'],
  ['number', 'number'],
  ['integer', 'number'],
  ['boolean', 'boolean'],
  ['null', 'null'],
])

class TypePrinter {
  readonly #root: JsonValue
  readonly #style: TypeStyle
  readonly #anything: string
  #budget = MAX_PARTS

  constructor(root: JsonValue, style: TypeStyle) {
    this.#root = root
    this.#style = style
    this.#anything = style.anything
  }

  print(schema: JsonValue | undefined, place: Place): string {
    if (schema === false) return 'never'
    if (!isObject(schema) || place.depth > MAX_DEPTH || this.#budget-- <= 0) return this.#anything
    const again = (inner: JsonValue | undefined) => this.print(inner, deeper(place))

    if (typeof schema['$ref'] === 'string') return again(this.#resolve(schema['$ref']))
    if (schema['const'] !== undefined) return this.#literal(schema['const'])
    if (Array.isArray(schema['enum'])) {
      return this.#union(schema['enum'].map((value) => this.#literal(value)))
    }
    const alternatives = schema['anyOf'] ?? schema['oneOf']
    if (Array.isArray(alternatives)) return this.#union(alternatives.map(again))
    if (Array.isArray(schema['allOf'])) {
      const { allOf, ...own } = schema
      const isMore = isObject(own['properties'])
      return this.#intersection([...(isMore ? [again(own)] : []), ...schema['allOf'].map(again)])
    }
    const types = [schema['type'] ?? impliedType(schema)].flat()
    return this.#union([
      ...types.map((type) => this.#ofType(type, schema, place)),
      // OpenAPI 3.0 writes null this way.
      ...(schema['nullable'] === true ? ['null'] : []),
    ])
  }

  #ofType(type: JsonValue, schema: JsonObject, place: Place): string {
    if (type === 'array') return this.#array(schema, place)
    if (type === 'object') return this.#object(schema, place)
    return PRIMITIVES.get(type) ?? this.#anything
  }

  #array({ prefixItems, items }: JsonObject, place: Place): string {
    const inside = { ...deeper(place), path: `${place.path}[]` }
    const again = (schema: JsonValue | undefined) => this.print(schema, inside)
    const prefix = this.#style.arrays === 'readonly' ? 'readonly ' : ''
    if (!Array.isArray(prefixItems)) return prefix + arrayOf(again(items))
    const parts = prefixItems.map(again)
    const rest = items === false ? [] : [again(items)]
    if (this.#style.tuples === 'as-arrays')
      return prefix + arrayOf(this.#union([...parts, ...rest]))
    return `${prefix}[${[...parts, ...rest.map((item) => `...(${item})[]`)].join(', ')}]`
  }

  #object(schema: JsonObject, place: Place): string {
    const { properties, required, additionalProperties: others } = schema
    const entries = isObject(properties) ? Object.entries(properties) : []
    const inner = `${place.indent}  `
    const members = entries.map(([name, value]) => ({
      name,
      type: this.print(value, { ...deeper(place), indent: inner, path: join(place.path, name) }),
      isRequired: Array.isArray(required) && required.includes(name),
      comment: this.#style.comment?.(value, inner) ?? '',
    }))
    const lines = members.map(({ name, type, isRequired, comment }) => {
      return `${comment}${inner}${propertyKey(name)}${isRequired ? '' : '?'}: ${type}\n`
    })
    let text = `{\n${lines.join('')}${place.indent}}`
    if (entries.length === 0) {
      const other = others === false ? 'never' : this.print(others, deeper(place))
      text = `{ [key: string]: ${other} }`
    } else if (others === true || isObject(others) || isObject(schema['patternProperties'])) {
      // A narrower type would have to fit the named properties as well.
      text = `{\n${lines.join('')}${inner}[key: string]: ${this.#anything}\n${place.indent}}`
    }
    return this.#style.nameObject?.({ text, path: place.path, properties: members }) ?? text
  }

  /** Follows a reference inside the same document; every other one is unknown. */
  #resolve(reference: string): JsonValue | undefined {
    if (!reference.startsWith('#')) return undefined
    const steps = reference.split('/').slice(1)
    return steps.reduce<JsonValue | undefined>((node, step) => {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
      return isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined
    }, this.#root)
  }

  #literal(value: JsonValue): string {
    return isObject(value) || Array.isArray(value) ? this.#anything : JSON.stringify(value)
  }

  #union(types: readonly string[]): string {
    const distinct = [...new Set(types)]
    if (distinct.length === 0) return 'never'
    const isTooWide = distinct.length > MAX_ALTERNATIVES || distinct.includes(this.#anything)
    return isTooWide ? this.#anything : distinct.join(' | ')
  }

  #intersection(types: readonly string[]): string {
    const distinct = [...new Set(types)].filter((type) => type !== this.#anything)
    if (distinct.length === 0) return this.#anything
    return distinct.length === 1 ? distinct.join() : distinct.map((type) => `(${type})`).join(' & ')
  }
}

function deeper(place: Place): Place {
  return { ...place, depth: place.depth + 1 }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function arrayOf(item: string): string {
  return /^[\w$]+$/.test(item) ? `${item}[]` : `(${item})[]`
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function impliedType(schema: JsonObject): JsonValue {
  if (isObject(schema['properties'])) return 'object'
  return schema['items'] === undefined && schema['prefixItems'] === undefined ? 'any' : 'array'
}
