import type { Source } from './sql-statement.ts'
import { SqlRefusal } from './sql-verdict.ts'

/** A node of a parser's tree, whose form nothing is known about yet. */
export type Node = { readonly [field: string]: unknown }

/** @throws {SqlRefusal} The value is no node. */
export function asNode(value: unknown): Node {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused('a node of this form')
  }
  return value as Node
}

/** A node, or null where the parser left nothing. */
export function optional(value: unknown): Node | null {
  return value === null || value === undefined ? null : asNode(value)
}

/** A list; nothing counts as an empty one. */
export function list(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return []
  if (!Array.isArray(value)) throw refused('a list of this form')
  return value
}

/**
 * Refuses a node that says more than is understood.
 *
 * @param fields - The names of the understood fields, separated by spaces.
 */
export function expectOnly(node: Node, fields: string): void {
  const known = fields.split(' ')
  const isUnknown = ([field, value]: [string, unknown]) => value != null && !known.includes(field)
  if (Object.entries(node).some(isUnknown)) throw refused('a clause that is not understood')
}

/** Puts the relations and conditions of two parts of a FROM clause together. */
export function joined(left: Source, right: Source): Source {
  return {
    relations: [...left.relations, ...right.relations],
    conditions: [...left.conditions, ...right.conditions],
    usingColumns: [...left.usingColumns, ...right.usingColumns],
    isNatural: left.isNatural || right.isNatural,
  }
}

/** The refusal of something in a tree that is not understood. */
export function refused(what: string): SqlRefusal {
  return new SqlRefusal('unparseable', `Cannot judge ${what}`)
}

/** The text of a string node of PostgreSQL's tree. */
export function rawString(item: unknown): string {
  const text = asNode(asNode(item)['String'])['sval']
  if (typeof text !== 'string') throw refused('a name of this form')
  return text
}

/** A node of PostgreSQL's tree with its kind, which wraps it. */
export function unwrap(wrapped: Node): readonly [string, Node] {
  const entries = Object.entries(wrapped)
  const [entry] = entries
  if (entry === undefined || entries.length > 1 || !/^[A-Z]/.test(entry[0])) {
    throw refused('a node of this form')
  }
  return [entry[0], asNode(entry[1])]
}
