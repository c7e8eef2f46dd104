import {
  acceptsEmptyObject,
  type JsonObject,
  type JsonValue,
  propertyKey,
  schemaToType,
  type Tool,
  type TypeStyle,
} from '../../harness/index.ts'

const MAX_COMMENT_LENGTH = 2_000

/** The types as a model reads them: with what schemas say of each property. */
const FOR_MODELS: TypeStyle = {
  anything: 'unknown',
  indent: '  ',
  tuples: 'exact',
  arrays: 'mutable',
  comment: (schema, indent) => docComment(propertyComment(schema), indent),
}

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
    const mark = acceptsEmptyObject(input.jsonSchema) ? '?' : ''
    const argument = `args${mark}: ${schemaToType(input.jsonSchema, FOR_MODELS)}`
    const result = output === undefined ? 'unknown' : schemaToType(output.jsonSchema, FOR_MODELS)
    const comment = docComment(toolComment(tool), '  ')
    return `${comment}  ${propertyKey(tool.name)}(${argument}): Promise<${result}>\n`
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

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
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
