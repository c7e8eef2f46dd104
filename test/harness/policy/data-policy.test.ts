import fc from 'fast-check'
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

/** Starting a child is not part of a decision; a statement that is new is not answered from memory. */
let warmUps = 0
async function warmUp(): Promise<void> {
  warmUps += 1
  await policy.judgeSql(`SELECT ${warmUps}`, { dialect: 'sqlite' })
}

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
      maxLoopDepth: 0,
      toolUses,
      imports: [],
      resourceHazards: [],
    },
    findings: [],
    positions: [],
  }
}

function use(tool: string, constantArguments: ToolUse['constantArguments']): ToolUse {
  return { tool, constantArguments, isConstant: true, isSingle: true, line: 3, column: 7 }
}

describe('DataPolicy options', () => {
  const wrong: Record<string, readonly [unknown, RegExp]> = {
    'an unknown option': [
      { readableTables: [], writeableTables: [] },
      /writeableTables.*"writableTables"/,
    ],
    'a missing list': [{}, /readableTables/],
    'an entry that is no string': [{ readableTables: [1] }, /readableTables/],
    'a table with three parts': [{ readableTables: ['a.b.c'] }, /"a\.b\.c"/],
    'an empty table name': [{ readableTables: [''] }, /readableTables/],
    'a restricted column without a table': [
      { readableTables: [], restrictedColumns: ['email'] },
      /"email"/,
    ],
    'a restricted table without a column': [
      { readableTables: [], restrictedColumns: ['a.*'] },
      /"a\.\*"/,
    ],
    'a restricted column that the schema does not have': [
      { readableTables: [], restrictedColumns: ['a.emial'], schema: { a: ['id', 'email'] } },
      /"a\.emial".*"email"/,
    ],
    'a schema that is a list': [{ readableTables: [], schema: [] }, /schema/],
    'a table without columns in the schema': [{ readableTables: [], schema: { a: 'id' } }, /"a"/],
    'a row limit of zero': [{ readableTables: [], maxResultRows: 0 }, /maxResultRows/],
    'a qualified function': [{ readableTables: [], allowedFunctions: ['a.f'] }, /"a\.f"/],
    'denyDdl as a string': [{ readableTables: [], denyDdl: 'no' }, /denyDdl/],
  }

  it.each(Object.entries(wrong))('refuses %s and names it', (_, [bad, message]) => {
    expect(() => new DataPolicy(bad as DataPolicyOptions)).toThrow(ConfigurationError)
    expect(() => new DataPolicy(bad as DataPolicyOptions)).toThrow(message)
  })

  it('exposes the row limit for the tool', () => {
    expect(policy.maxResultRows).toBe(100)
    expect(new DataPolicy({ readableTables: [] }).maxResultRows).toBeUndefined()
  })
})

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
      message: 'Allowed',
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

  const blowUps: Record<string, readonly [SqlDialect, string]> = {
    'brackets that are balanced but wrong inside': [
      'mysql',
      `SELECT a FROM orders WHERE ${'('.repeat(30)}a=1 b${')'.repeat(30)}`,
    ],
    'nested CAST': ['mysql', `SELECT ${'CAST('.repeat(20)}1${' AS CHAR)'.repeat(20)}`],
    'nested subqueries': ['mysql', `SELECT ${'(SELECT '.repeat(40)}1${')'.repeat(40)}`],
    'nested CASE': ['mysql', `SELECT ${'CASE WHEN 1 THEN '.repeat(40)}1${' END'.repeat(40)}`],
    'unbalanced brackets': ['postgresql', `SELECT ${'(SELECT '.repeat(60)}`],
    'ten thousand brackets': ['sqlite', `SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`],
    'a hundred thousand characters': ['postgresql', `SELECT ${'1,'.repeat(50_000)}1`],
    'a long chain of operators': ['mysql', `SELECT 1${' + 1'.repeat(15_000)}`],
    'a long union': ['sqlite', `SELECT 1${' UNION SELECT 1'.repeat(4_000)}`],
    'many strings': ['sqlite', `SELECT 1 WHERE 'a' IN ('b'${", 'c'".repeat(12_000)})`],
  }

  it.each(Object.entries(blowUps))(
    'answers in time and stays alive after %s',
    async (_, [dialect, sql]) => {
      await warmUp()
      const started = performance.now()
      await policy.judgeSql(sql, { dialect })
      expect(performance.now() - started).toBeLessThan(1_000)
      const next = await policy.judgeSql('SELECT id FROM orders', { dialect })
      expect(next.decision).toBe('allow')
    },
  )

  it('survives random mutations of statements without a wrong allow', async () => {
    const seeds = [
      `SELECT id FROM orders WHERE note = 'a' -- x`,
      `WITH t AS (SELECT id FROM orders) SELECT t.id, "b" FROM t /* c */ ORDER BY 1`,
      `INSERT INTO carts (id) VALUES ((1)) ON CONFLICT DO NOTHING`,
    ]
    const scraps = fc.constantFrom(
      ...`' " ( ) -- /* */ ; , . secrets FROM UNION SELECT \\ $$ [ ] \0 \` # \n`.split(' '),
    )
    const mutation = fc.record({
      seed: fc.constantFrom(...seeds),
      dialect: fc.constantFrom<SqlDialect>('postgresql', 'mysql', 'sqlite'),
      cuts: fc.array(fc.tuple(fc.nat(120), fc.nat(6), scraps), { maxLength: 5 }),
    })
    await fc.assert(
      fc.asyncProperty(mutation, async ({ seed, dialect, cuts }) => {
        const sql = cuts.reduce(
          (text, [at, length, scrap]) => `${text.slice(0, at)} ${scrap} ${text.slice(at + length)}`,
          seed,
        )
        await warmUp()
        const started = performance.now()
        const verdict = await policy.judgeSql(sql, { dialect })
        expect(performance.now() - started).toBeLessThan(1_000)
        const readable = ['orders', 'customers', 'carts']
        if (verdict.decision === 'allow') {
          for (const table of verdict.tables.read) expect(readable).toContain(table)
          expect(verdict.reasonCode).toBeUndefined()
        } else expect(verdict.reasonCode).toBeDefined()
      }),
      { numRuns: 400 },
    )
  }, 30_000)
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
