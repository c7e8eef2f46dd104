import type { JsonObject } from '../json-value.ts'
import type { Tool } from '../sandbox/tool-host.ts'
import {
  acceptsEmptyObject,
  type ObjectTypeProperty,
  propertyKey,
  schemaToType,
  type TypeStyle,
} from './schema-to-type.ts'

/** The granted tools as TypeScript sees them, and what its names of their types mean. */
export interface ToolTypes {
  /** Ambient declarations of `tools` and `data`. */
  readonly text: string
  /** By the name that the declarations give a type. */
  readonly types: ReadonlyMap<string, DeclaredType>
  readonly toolNames: readonly string[]
}

/** What a named type of the declarations stands for. */
export type DeclaredType =
  | { readonly kind: 'tools' }
  /** A second argument, which no tool takes. */
  | { readonly kind: 'extra'; readonly tool: string; readonly argument: string }
  | {
      readonly kind: 'argument' | 'answer' | 'data'
      /** Absent for `data`. */
      readonly tool?: string
      /** Where in the value it stands: `items[].price`, empty for the value itself. */
      readonly path: string
      readonly properties: readonly ObjectTypeProperty[]
    }

// An object without properties. TypeScript names its type in messages only if it has one.
const NOTHING = '{ [key: string]: never }'
const NAMED_NOTHING = '{ readonly "nothing at all"?: never }'

// Told in remarks about calls without an argument: no parameter of a program is called that.
const ARGUMENT_NAME = 'argument$'

/** The part of a tool that says what it takes and gives. */
export type TypedTool = Pick<Tool, 'name' | 'input' | 'output'>

/**
 * Declares tools for the type checker. Cheap, and best done once for each set of tools.
 *
 * @param options - `data` is the JSON Schema of the program's `data`; without it `data` may be anything.
 *
 * @example
 * ```ts
 * declareToolTypes(endpoint.tools).text
 * // interface Argument$0$0 { … } … declare const tools: Tools$
 * ```
 */
export function declareToolTypes(
  tools: readonly TypedTool[],
  options: { readonly data?: JsonObject } = {},
): ToolTypes {
  const types = new Map<string, DeclaredType>()
  const lines: string[] = []
  const named = (
    kind: 'argument' | 'answer' | 'data',
    prefix: string,
    tool?: string,
  ): TypeStyle => {
    let count = 0
    return {
      anything: 'any',
      tuples: 'as-arrays',
      arrays: kind === 'argument' ? 'readonly' : 'mutable',
      nameObject: ({ text, path, properties }) => {
        const name = `${prefix}$${count++}`
        types.set(name, { kind, ...(tool === undefined ? {} : { tool }), path, properties })
        lines.push(`interface ${name} ${text === NOTHING ? NAMED_NOTHING : text}`)
        return name
      },
    }
  }
  const members = tools.map(({ name, input, output }, index) => {
    const argument = schemaToType(input.jsonSchema, named('argument', `Argument$${index}`, name))
    const answer =
      output === undefined
        ? 'any'
        : schemaToType(output.jsonSchema, named('answer', `Answer$${index}`, name))
    const extra = `Extra$${index}`
    types.set(extra, { kind: 'extra', tool: name, argument })
    // A type that nothing fits and that says where it comes from: `never` would do the first only.
    lines.push(`interface ${extra} { readonly "one object only": never }`)
    const mark = acceptsEmptyObject(input.jsonSchema) ? '?' : ''
    return `  ${propertyKey(name)}(${ARGUMENT_NAME}${mark}: ${argument}, ...more: ${extra}[]): Promise<${answer}>`
  })
  types.set('Tools$', { kind: 'tools' })
  const data =
    options.data === undefined ? 'any' : schemaToType(options.data, named('data', 'Data$0'))
  const text = [
    ...lines,
    `interface Tools$ {\n${members.join('\n')}\n}`,
    'declare const tools: Tools$',
    `declare let data: ${data}`,
  ].join('\n')
  return { text, types, toolNames: tools.map(({ name }) => name) }
}
