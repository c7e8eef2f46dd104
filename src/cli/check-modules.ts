import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ConfigurationError, type Policy, type Tool } from '../../harness/index.ts'

/**
 * Loads the tools that a module exports: its `tools`, else its default export, else whatever it exports
 * that is a tool. The module is the caller's own code and runs.
 *
 * @throws {ConfigurationError} It cannot be loaded, exports something else or two tools of one name.
 */
export async function loadTools(path: string): Promise<readonly Tool[]> {
  const tools = await load(path, { name: 'tools', one: 'a tool', isOne: isTool })
  const names = tools.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return tools
  throw new ConfigurationError(`${path} exports two tools named ${twice}`)
}

/**
 * Loads the policies that a module exports, in the same ways.
 *
 * @throws {ConfigurationError} It cannot be loaded or exports something else.
 */
export function loadPolicies(path: string): Promise<readonly Policy[]> {
  return load(path, { name: 'policies', one: 'a policy', isOne: isPolicy })
}

interface Wanted<T> {
  /** The export that holds them all. */
  readonly name: string
  readonly one: string
  isOne(value: unknown): value is T
}

async function load<T>(path: string, wanted: Wanted<T>): Promise<readonly T[]> {
  const exported = await importModule(path)
  const whole = exported[wanted.name] ?? exported['default']
  const values = whole === undefined ? Object.values(exported).filter(wanted.isOne) : listed(whole)
  if (values === null || values.length === 0) {
    throw new ConfigurationError(
      `${path} exports no ${wanted.name}: export \`${wanted.name}\` as an array or a record`,
    )
  }
  const wrong = values.findIndex((value) => !wanted.isOne(value))
  if (wrong === -1) return values as readonly T[]
  throw new ConfigurationError(
    `Entry ${wrong + 1} of the ${wanted.name} of ${path} is not ${wanted.one}`,
  )
}

async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(resolve(path)).href)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new ConfigurationError(`${path} cannot be loaded: ${reason}`, { cause })
  }
}

/** An array, a record, or one value by itself. */
function listed(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null) return null
  return isTool(value) || isPolicy(value) ? [value] : Object.values(value)
}

function isTool(value: unknown): value is Tool {
  if (typeof value !== 'object' || value === null) return false
  const { name, run, input, readOnly } = value as Partial<Tool>
  return (
    typeof name === 'string' &&
    typeof run === 'function' &&
    typeof readOnly === 'boolean' &&
    typeof input?.jsonSchema === 'object' &&
    typeof input.validate === 'function'
  )
}

function isPolicy(value: unknown): value is Policy {
  if (typeof value !== 'object' || value === null) return false
  const { name, evaluateProgram, evaluateToolCall } = value as Partial<Policy>
  return (
    typeof name === 'string' &&
    (typeof evaluateProgram === 'function' || typeof evaluateToolCall === 'function')
  )
}
