import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ErrorObject } from 'ajv/dist/2020.js'

const MAX_PROBLEMS = 10
const MAX_PROBLEM_LENGTH = 300
const MAX_SHOWN_LENGTH = 40

/**
 * The problems of a value in words a model can act on, at most ten of at most 300 characters.
 *
 * @param root - What the value is called: `args` or `result`.
 */
export function wordIssues(root: string, issues: readonly StandardSchemaV1.Issue[]): string[] {
  const problems = issues.slice(0, MAX_PROBLEMS).map(({ path = [], message }) => {
    const keys = path.map((part) => (typeof part === 'object' ? part.key : part))
    // Messages of our own go on from the path ("must be …"); those of a library are whole sentences.
    const glue = /^(?:must|is|needs) /.test(message) ? ' ' : ': '
    return shorten(pathText(root, keys) + glue + message, MAX_PROBLEM_LENGTH)
  })
  return problems.length > 0 ? problems : [`${root} does not fit the schema`]
}

/** One error of the JSON Schema validator as a path and words. */
export function wordSchemaError(error: ErrorObject): StandardSchemaV1.Issue {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { keyword, params, schema, data } = error
  switch (keyword) {
    case 'required':
      return { path: [...path, String(params['missingProperty'])], message: 'is required' }
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknownArgument(path, error)
    case 'type':
      return { path, message: `must be ${typeNames(params['type'])}, got ${show(data)}` }
    case 'enum':
      return { path, message: `must be one of ${listed(schema)}, got ${show(data)}` }
    case 'const':
      return { path, message: `must be ${show(schema)}, got ${show(data)}` }
    default:
      return { path, message: error.message ?? 'does not fit the schema' }
  }
}

function unknownArgument(path: readonly string[], error: ErrorObject): StandardSchemaV1.Issue {
  const { additionalProperty, unevaluatedProperty } = error.params
  const name = String(additionalProperty ?? unevaluatedProperty)
  const known = Object.keys(Object(error.parentSchema?.['properties']))
  const near = nearest(name, known)
  const hint = near === null ? '' : `; did you mean ${near}`
  return { path: [...path, name], message: `is not a known argument${hint}` }
}

function typeNames(types: unknown): string {
  return Array.isArray(types) ? types.join(' or ') : String(types)
}

function listed(values: unknown): string {
  if (!Array.isArray(values)) return show(values)
  const shown = values.slice(0, 10).map(show).join(', ')
  return values.length > 10 ? `${shown}, …` : shown
}

/** A value in a few characters; containers only by kind, so that a large one costs nothing. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? value.slice(0, MAX_SHOWN_LENGTH + 1) : value
  return shorten(JSON.stringify(text) ?? 'undefined', MAX_SHOWN_LENGTH)
}

function pathText(root: string, keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((text, key) => {
    const name = String(key)
    if (/^\d+$/.test(name)) return `${text}[${name}]`
    if (/^[A-Za-z_$][\w$]*$/.test(name)) return `${text}.${name}`
    return `${text}[${show(name)}]`
  }, root)
}

function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`
}

/** The known name most like `name`, if one is close enough to be what was meant. */
function nearest(name: string, known: readonly string[]): string | null {
  if (name.length > 64) return null
  const allowed = Math.max(1, Math.floor(name.length / 3))
  let best: { readonly name: string; readonly distance: number } | null = null
  for (const candidate of known.slice(0, 100)) {
    if (Math.abs(candidate.length - name.length) > allowed) continue
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance <= allowed && distance < (best?.distance ?? Infinity)) {
      best = { name: candidate, distance }
    }
  }
  return best?.name ?? null
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, charA] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, charB] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (charA === charB ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
