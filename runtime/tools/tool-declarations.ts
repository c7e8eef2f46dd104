import type { JsonObject, JsonValue, Tool } from '../../harness/index.ts'

// Bounds for schemas of foreign origin: what is deeper or longer is said as `unknown`.
const MAX_DEPTH = 8
const MAX_TYPE_LENGTH = 8_000
const MAX_COMMENT_LENGTH = 2_000
const MAX_ALTERNATIVES = 64

/**
 * Tells a model in TypeScript which tools there are. What a schema says and TypeScript cannot is left
 * out; what cannot be said at all is `unknown`. The text is not escaped for a prompt.
 *
 * @example
 * ```ts
 * declareTools([refund])
 * // declare const tools: {
 * //   /** Pays an order back. Changes something: call it only when the intent asks for it. *\/
 * //   refund(args: { orderId: number; cents: number }): Promise<unknown>
 * // }
 * ```
 */
export function declareTools(tools: readonly Tool[]): string {
  const members = tools.map((tool) => {
    const { input, output } = tool
    const isOptional = acceptsEmptyObject(input.jsonSchema)
    const argument = `args${isOptional ? '?' : ''}: ${typeText(input.jsonSchema, '  ')}`
    const result = output === undefined ? 'unknown' : typeText(output.jsonSchema, '  ')
    const comment = docComment(toolComment(tool), '  ')
    return `${comment}  ${propertyName(tool.name)}(${argument}): Promise<${result}>\n`
  })
  return `declare const tools: {\n${members.join('')}}`
}

function toolComment({ description, readOnly, sql }: Tool): string {
  return [
    description,
    ...(sql === undefined ? [] : [`SQL dialect: ${sql.dialect}. One statement per call.`]),
    readOnly
      ? 'Read-only.'
      : 'Changes something: call it only when the intent asks for the change.',
  ].join('\n')
}

function acceptsEmptyObject(schema: JsonObject): boolean {
  const required = schema['required']
  return schema['type'] === 'object' && (!Array.isArray(required) || required.length === 0)
}

function typeText(schema: JsonValue, indent: string): string {
  const text = new SchemaPrinter(schema).print(schema, 0, indent)
  return text.length > MAX_TYPE_LENGTH ? 'unknown' : text
}

const PRIMITIVES: ReadonlyMap<JsonValue, string> = new Map([
  ['string', 'string'],
  ['number', 'number'],
  ['integer', 'number'],
  ['boolean', 'boolean'],
  ['null', 'null'],
])

class SchemaPrinter {
  readonly #root: JsonValue | undefined
  // Without a common budget a schema that refers to itself twice grows as 2^depth.
  #budget = 500

  constructor(root: JsonValue | undefined) {
    this.#root = root
  }

  print(schema: JsonValue | undefined, depth: number, indent: string): string {
    if (schema === false) return 'never'
    if (!isObject(schema) || depth > MAX_DEPTH || this.#budget-- <= 0) return 'unknown'
    const again = (inner: JsonValue | undefined) => this.print(inner, depth + 1, indent)

    if (typeof schema['$ref'] === 'string') return again(this.#resolve(schema['$ref']))
    if (schema['const'] !== undefined) return literal(schema['const'])
    if (Array.isArray(schema['enum'])) return union(schema['enum'].map(literal))
    const alternatives = schema['anyOf'] ?? schema['oneOf']
    if (Array.isArray(alternatives)) return union(alternatives.map(again))
    if (Array.isArray(schema['allOf'])) return intersection(schema['allOf'].map(again))

    const types = [schema['type'] ?? impliedType(schema)].flat()
    return union([
      ...types.map((type) => this.#printType(type, schema, depth, indent)),
      // OpenAPI 3.0 writes null this way.
      ...(schema['nullable'] === true ? ['null'] : []),
    ])
  }

  #printType(type: JsonValue, schema: JsonObject, depth: number, indent: string): string {
    if (type === 'array') return this.#printArray(schema, depth, indent)
    if (type === 'object') return this.#printObject(schema, depth, indent)
    return PRIMITIVES.get(type) ?? 'unknown'
  }

  #printArray(schema: JsonObject, depth: number, indent: string): string {
    const { prefixItems, items } = schema
    if (Array.isArray(prefixItems)) {
      const parts = prefixItems.map((item) => `${this.print(item, depth + 1, indent)}`)
      const rest = items === false ? [] : [`...(${this.print(items, depth + 1, indent)})[]`]
      return `[${[...parts, ...rest].join(', ')}]`
    }
    const item = this.print(items, depth + 1, indent)
    return /^\w+$/.test(item) ? `${item}[]` : `(${item})[]`
  }

  #printObject(schema: JsonObject, depth: number, indent: string): string {
    const { properties, required, additionalProperties } = schema
    const entries = isObject(properties) ? Object.entries(properties) : []
    if (entries.length === 0) {
      if (additionalProperties === false) return '{ [key: string]: never }'
      return `{ [key: string]: ${this.print(additionalProperties, depth + 1, indent)} }`
    }
    const inner = `${indent}  `
    const members = entries.map(([key, value]) => {
      const mark = Array.isArray(required) && required.includes(key) ? '' : '?'
      const comment = docComment(propertyComment(value), inner)
      return `${comment}${inner}${propertyName(key)}${mark}: ${this.print(value, depth + 1, inner)}\n`
    })
    return `{\n${members.join('')}${indent}}`
  }

  /** Follows a reference inside the same document; every other one is `unknown`. */
  #resolve(reference: string): JsonValue | undefined {
    if (!reference.startsWith('#')) return undefined
    const steps = reference.split('/').slice(1)
    return steps.reduce<JsonValue | undefined>((node, step) => {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
      return isObject(node) && Object.hasOwn(node, key) ? node[key] : undefined
    }, this.#root)
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function impliedType(schema: JsonObject): JsonValue {
  if (isObject(schema['properties'])) return 'object'
  return schema['items'] === undefined && schema['prefixItems'] === undefined ? 'any' : 'array'
}

function literal(value: JsonValue): string {
  return isObject(value) || Array.isArray(value) ? 'unknown' : JSON.stringify(value)
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)]
  if (distinct.length === 0) return 'never'
  if (distinct.length > MAX_ALTERNATIVES || distinct.includes('unknown')) return 'unknown'
  return distinct.join(' | ')
}

function intersection(types: readonly string[]): string {
  const distinct = [...new Set(types)].filter((type) => type !== 'unknown')
  if (distinct.length === 0) return 'unknown'
  return distinct.length === 1 ? distinct.join() : distinct.map((type) => `(${type})`).join(' & ')
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

function propertyComment(schema: JsonValue): string {
  if (!isObject(schema)) return ''
  const { description, format } = schema
  const defaultValue = schema['default']
  return [
    ...(typeof description === 'string' ? [description] : []),
    ...(typeof format === 'string' ? [`Format: ${format}`] : []),
    ...(defaultValue === undefined ? [] : [`Default: ${JSON.stringify(defaultValue)}`]),
  ].join('\n')
}

function docComment(text: string, indent: string): string {
  const lines = text
    .slice(0, MAX_COMMENT_LENGTH)
    .replaceAll('*/', '*\\/')
    .split(/[\r\n\u2028\u2029]+/)
    .filter((line) => line.trim() !== '')
  const [first, ...rest] = lines
  if (first === undefined) return ''
  if (rest.length === 0) return `${indent}/** ${first} */\n`
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`), `${indent} */`, ''].join(
    '\n',
  )
}
