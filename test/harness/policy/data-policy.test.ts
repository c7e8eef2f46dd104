import { afterAll, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/errors.ts'
import type { JsonValue } from '../../../harness/json-value.ts'
import { DataPolicy, type DataPolicyOptions } from '../../../harness/policy/data-policy.ts'
import type { PolicyContext } from '../../../harness/policy/policy.ts'
import type { Program, ToolUse } from '../../../harness/program.ts'
import type { SqlDialect, Tool } from '../../../harness/sandbox/tool-host.ts'

const options: DataPolicyOptions = {
  readableTables: ['orders', 'customers', 'carts'],
  writableTables: ['carts'],
  restrictedColumns: ['customers.email'],
  maxResultRows: 100,
}
const policy = new DataPolicy(options)
afterAll(() => policy.close())

function sqlTool(name: string, readOnly: boolean): Tool {
  return {
    name,
    description: 'Runs SQL',
    input: { jsonSchema: {}, validate: (value) => ({ ok: true, value }) },
    readOnly,
    idempotent: false,
    sql: { dialect: 'sqlite', argument: 'query' },
    run: async () => [],
  }
}

const reader = sqlTool('reader', true)
const writer = sqlTool('writer', false)

function contextOf(action: PolicyContext['action']): PolicyContext {
  return {
    runId: 'run-1',
    endpoint: 'analytics',
    action,
    requester: null,
    tools: new Map([reader, writer].map((tool) => [tool.name, tool])),
    signal: new AbortController().signal,
  }
}

function programWith(toolUses: readonly ToolUse[]): Program {
  return {
    source: '',
    language: 'js',
    code: '',
    hash: '',
    facts: {
      lineCount: 1,
      nodeCount: 1,
      complexity: 1,
      maxLoopDepth: 0,
      toolUses,
      imports: [],
      codeFromText: [],
      resourceHazards: [],
    },
    findings: [],
    positions: [],
  }
}

function use(tool: string, constantArguments: ToolUse['constantArguments']): ToolUse {
  return { tool, constantArguments, isConstant: true, isSingle: true, line: 3, column: 7 }
}

describe('DataPolicy.judgeSql', () => {
  it('tells what a statement touches', async () => {
    const sql =
      'SELECT c.name, sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY 1'
    expect(await policy.judgeSql(sql, { dialect: 'sqlite' })).toEqual({
      decision: 'allow',
      alsoReasons: [],
      action: 'read',
      tables: { read: ['customers', 'orders'], written: [] },
      columns: ['customers.id', 'customers.name', 'orders.customer_id', 'orders.total'],
      functions: ['sum'],
    })
  })

  it('says why, and what would be written', async () => {
    const sql = 'UPDATE orders SET note = (SELECT c.email FROM customers c) WHERE orders.id = 1'
    expect(await policy.explainSql(sql, { dialect: 'postgresql' })).toEqual({
      verdict: await policy.judgeSql(sql, { dialect: 'postgresql' }),
      objections: [
        { reasonCode: 'table-not-writable', message: 'Table "orders" may not be written' },
        {
          reasonCode: 'column-restricted',
          message: 'Column customers.email is restricted, wherever it stands',
        },
      ],
      touched: {
        action: 'write',
        tables: { read: ['customers', 'orders'], written: ['orders'] },
        columns: { read: ['customers.email', 'orders.id'], written: ['orders.note'] },
        functions: [],
      },
      summary: 'writes orders.note; reads customers.email, orders.id',
    })
  })

  it('reports every reason, the most severe first', async () => {
    const sql = 'SELECT email, load_extension(1) FROM customers, secrets'
    expect(await policy.judgeSql(sql, { dialect: 'sqlite' })).toMatchObject({
      decision: 'deny',
      reasonCode: 'table-not-readable',
      alsoReasons: ['dangerous-function', 'column-restricted'],
    })
  })

  it('permits nothing with empty lists', async () => {
    const closed = new DataPolicy({ readableTables: [] })
    const verdict = await closed.judgeSql('SELECT 1 FROM orders', { dialect: 'postgresql' })
    expect(verdict.reasonCode).toBe('table-not-readable')
    await closed.close()
  })

  it('permits everything but catalogues with *', async () => {
    const open = new DataPolicy({ readableTables: ['*'] })
    const judge = (sql: string) => open.judgeSql(sql, { dialect: 'postgresql' })
    expect(await judge('SELECT * FROM anything')).toMatchObject({ decision: 'allow' })
    expect(await judge('SELECT * FROM pg_roles')).toMatchObject({ reasonCode: 'system-catalog' })
    await open.close()
  })

  it('permits a function that is listed by the policy', async () => {
    const listed = new DataPolicy({ readableTables: [], allowedFunctions: ['my_tax'] })
    const judge = (sql: string) => listed.judgeSql(sql, { dialect: 'postgresql' })
    expect(await judge('SELECT my_tax(1)')).toMatchObject({
      decision: 'allow',
      functions: ['my_tax'],
    })
    expect(await judge('SELECT other(1)')).toMatchObject({ reasonCode: 'dangerous-function' })
    await listed.close()
  })

  it('throws for a dialect that it does not know, rather than guess', async () => {
    await expect(policy.judgeSql('SELECT 1', { dialect: 'oracle' as SqlDialect })).rejects.toThrow(
      ConfigurationError,
    )
  })
})

describe('DataPolicy on a program', () => {
  it('denies a literal that mentions a restricted column, where it stands', async () => {
    const program = programWith([use('reader', { query: 'SELECT email FROM customers' })])
    const [finding, ...rest] = await policy.evaluateProgram(program, contextOf('read'))
    expect(rest).toEqual([])
    expect(finding).toMatchObject({
      line: 3,
      column: 7,
      severity: 'violation',
      source: 'DataPolicy',
      reasonCode: 'column-restricted',
    })
    expect(finding?.message).toContain('customers.email')
    expect(finding?.hint).toBeDefined()
  })

  it('names the columns that a star covers', async () => {
    const program = programWith([use('reader', { query: 'SELECT * FROM customers' })])
    const [finding] = await policy.evaluateProgram(program, contextOf('read'))
    expect(finding?.message).toContain('* covers customers.email')
  })

  it('denies a write through a read-only tool', async () => {
    const program = programWith([use('reader', { query: 'DELETE FROM carts' })])
    const [finding] = await policy.evaluateProgram(program, contextOf('write'))
    expect(finding?.reasonCode).toBe('write-through-read-only-tool')
    expect(finding?.message).toContain('writes carts')
    expect(finding).toMatchObject({
      statement: { action: 'write', tables: { written: ['carts'] } },
    })
  })

  it('reports each objection as a finding of its own', async () => {
    const program = programWith([use('reader', { query: 'SELECT email FROM customers, secrets' })])
    const findings = await policy.evaluateProgram(program, contextOf('read'))
    expect(findings.map(({ reasonCode }) => reasonCode)).toEqual([
      'table-not-readable',
      'column-restricted',
    ])
  })

  it('leaves statements alone that are allowed, unknown or not SQL', async () => {
    const program = programWith([
      use('reader', { query: 'SELECT id FROM orders' }),
      use('writer', { query: 'DELETE FROM carts' }),
      use('reader', {}),
      use('*', { query: 'SELECT email FROM customers' }),
      use('elsewhere', { query: 'SELECT email FROM customers' }),
    ])
    expect(await policy.evaluateProgram(program, contextOf('write'))).toEqual([])
  })
})

describe('DataPolicy at the tool gate', () => {
  const codeOf = async (tool: Tool, argument: JsonValue, action: PolicyContext['action']) => {
    const findings = await policy.evaluateToolCall({ tool, argument }, contextOf(action))
    return findings.map(({ reasonCode }) => reasonCode)
  }

  const calls: Record<
    string,
    readonly [Tool, JsonValue, PolicyContext['action'], readonly string[]]
  > = {
    'allows a read': [reader, { query: 'SELECT id FROM orders' }, 'read', []],
    'allows a write in a write run': [writer, { query: 'DELETE FROM carts' }, 'write', []],
    'allows a write in an execute run': [writer, { query: 'DELETE FROM carts' }, 'execute', []],
    'denies a restricted column': [
      reader,
      { query: 'SELECT email FROM customers' },
      'read',
      ['column-restricted'],
    ],
    'denies a write in a read run': [
      writer,
      { query: 'DELETE FROM carts' },
      'read',
      ['write-in-read-run'],
    ],
    'denies a write through a read-only tool': [
      reader,
      { query: 'DELETE FROM carts' },
      'write',
      ['write-through-read-only-tool'],
    ],
    'denies a statement that is no string': [
      reader,
      { query: ['SELECT 1'] },
      'read',
      ['unparseable'],
    ],
    'denies a statement that is missing': [reader, {}, 'read', ['unparseable']],
    'denies an argument that is no object': [reader, 'SELECT 1', 'read', ['unparseable']],
    'does not take an inherited property for a statement': [
      { ...reader, sql: { dialect: 'sqlite', argument: 'toString' } },
      {},
      'read',
      ['unparseable'],
    ],
    'leaves tools without SQL alone': [
      { ...plain(reader) },
      { query: 'DROP TABLE orders' },
      'read',
      [],
    ],
  }

  it.each(Object.entries(calls))('%s', async (_, [tool, argument, action, expected]) => {
    expect(await codeOf(tool, argument, action)).toEqual(expected)
  })
})

function plain({ name, description, input, readOnly, idempotent, run }: Tool): Tool {
  return { name, description, input, readOnly, idempotent, run }
}
