import type { PostgresqlExpressions } from './postgresql-expressions.ts'
import type { PostgresqlSources } from './postgresql-sources.ts'
import {
  EMPTY_SOURCE,
  type Expression,
  type OutputColumn,
  type Query,
  type Reference,
  type Write,
} from './sql-statement.ts'
import { asNode, expectOnly, joined, list, type Node } from './tree-node.ts'

/** What a reader of writes needs. */
export interface WriteParts {
  readonly expressions: PostgresqlExpressions
  readonly sources: PostgresqlSources
  readonly readQuery: (node: Node) => Query
  /** The text had `OR REPLACE` or the like. */
  readonly hasConflictClause: boolean
}

/** Reads the statements of PostgreSQL's tree that write. */
export class PostgresqlWrites {
  readonly #expressions: PostgresqlExpressions
  readonly #sources: PostgresqlSources
  readonly #readQuery: (node: Node) => Query
  readonly #hasConflictClause: boolean

  constructor({ expressions, sources, readQuery, hasConflictClause }: WriteParts) {
    this.#expressions = expressions
    this.#sources = sources
    this.#readQuery = readQuery
    this.#hasConflictClause = hasConflictClause
  }

  /** An INSERT. */
  insert(node: Node): Write {
    expectOnly(
      node,
      'relation cols selectStmt onConflictClause returningClause withClause override location',
    )
    const conflict =
      node['onConflictClause'] === undefined ? null : asNode(node['onConflictClause'])
    if (conflict !== null) expectOnly(conflict, 'action infer targetList whereClause location')
    const infer = conflict?.['infer'] === undefined ? {} : asNode(conflict['infer'])
    expectOnly(infer, 'indexElems whereClause conname location')
    const conflictTargets = list(infer['indexElems']).flatMap((item) => this.#indexElement(item))
    const assignments = this.#assignments(conflict?.['targetList'])
    return {
      from: { ...EMPTY_SOURCE, relations: [this.#sources.table(asNode(node['relation']))] },
      targets: [0],
      assigned: [
        ...list(node['cols']).map((item) => this.#assignedColumn(item)),
        ...assignments.columns,
      ],
      assignsEveryColumn: node['cols'] === undefined,
      readsTarget: conflict !== null || this.#hasConflictClause,
      rows: node['selectStmt'] === undefined ? null : this.#readQuery(asNode(node['selectStmt'])),
      expressions: [
        ...conflictTargets,
        ...this.#expressions.expression(infer['whereClause']),
        ...assignments.expressions,
        ...this.#expressions.expression(conflict?.['whereClause']),
      ],
      returning: this.#returning(node),
      hasExcluded: conflict !== null,
    }
  }

  #indexElement(item: unknown): Expression {
    const node = asNode(asNode(item)['IndexElem'])
    expectOnly(node, 'name expr ordering nulls_ordering location')
    const own: Expression =
      node['name'] === undefined
        ? []
        : [{ kind: 'column', path: [this.#expressions.name(node['name'])] }]
    return [...own, ...this.#expressions.expression(node['expr'])]
  }

  /** An UPDATE. */
  update(node: Node): Write {
    expectOnly(node, 'relation targetList whereClause fromClause returningClause withClause')
    const assignments = this.#assignments(node['targetList'])
    return {
      ...this.#targeted(node['relation'], list(node['fromClause'])),
      assigned: assignments.columns,
      expressions: [
        ...assignments.expressions,
        ...this.#expressions.expression(node['whereClause']),
      ],
      returning: this.#returning(node),
    }
  }

  /** A DELETE. */
  delete(node: Node): Write {
    expectOnly(node, 'relation usingClause whereClause returningClause withClause')
    return {
      ...this.#targeted(node['relation'], list(node['usingClause'])),
      expressions: this.#expressions.expression(node['whereClause']),
      returning: this.#returning(node),
    }
  }

  /** A MERGE. */
  merge(node: Node): Write {
    expectOnly(
      node,
      'relation sourceRelation joinCondition mergeWhenClauses returningClause withClause',
    )
    const clauses = list(node['mergeWhenClauses']).map((item) =>
      asNode(asNode(item)['MergeWhenClause']),
    )
    const assigned: string[][] = []
    const expressions = [...this.#expressions.expression(node['joinCondition'])]
    let assignsEveryColumn = false
    for (const clause of clauses) {
      expectOnly(clause, 'matchKind commandType override targetList condition values')
      const assignments = this.#assignments(clause['targetList'])
      assigned.push(...assignments.columns)
      expressions.push(...assignments.expressions)
      expressions.push(
        ...this.#expressions.expression(clause['condition']),
        ...this.#expressions.expression(clause['values']),
      )
      assignsEveryColumn ||=
        clause['commandType'] === 'CMD_INSERT' && clause['targetList'] === undefined
    }
    return {
      ...this.#targeted(node['relation'], [node['sourceRelation']]),
      assigned,
      assignsEveryColumn,
      expressions,
      returning: this.#returning(node),
    }
  }

  #targeted(relation: unknown, others: readonly unknown[]): Write {
    const target = this.#sources.table(asNode(relation))
    const from = joined({ ...EMPTY_SOURCE, relations: [target] }, this.#sources.source(others))
    return {
      from,
      targets: [0],
      assigned: [],
      assignsEveryColumn: false,
      // The number of affected rows tells something about the rows that are there.
      readsTarget: true,
      rows: null,
      expressions: [],
      returning: [],
      hasExcluded: false,
    }
  }

  #assignments(value: unknown): { columns: string[][]; expressions: Reference[] } {
    const items = list(value)
    return {
      columns: items.map((item) => this.#assignedColumn(item)),
      expressions: items.flatMap((item) => [
        ...this.#expressions.expression(asNode(asNode(item)['ResTarget'])['val']),
      ]),
    }
  }

  #assignedColumn(item: unknown): string[] {
    const node = asNode(asNode(item)['ResTarget'])
    expectOnly(node, 'name val location')
    return [this.#expressions.name(node['name'])]
  }

  #returning(node: Node): readonly OutputColumn[] {
    if (node['returningClause'] === undefined) return []
    const clause = asNode(node['returningClause'])
    expectOnly(clause, 'exprs')
    return list(clause['exprs']).map((item) => this.#expressions.output(item))
  }
}
