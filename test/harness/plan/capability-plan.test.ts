import { afterAll, describe, expect, it } from 'vitest'
import {
  type CapabilityPlan,
  derivePlan,
  type PlannableTool,
  type SqlReader,
} from '../../../harness/plan/capability-plan.ts'
import { DataPolicy } from '../../../harness/policy/data-policy.ts'
import { readOk } from '../analysis/read-for-test.ts'

const policy = new DataPolicy({
  readableTables: ['orders', 'customers'],
  writableTables: ['orders'],
  denyDdl: true,
})
afterAll(() => policy.close())

const tools: readonly PlannableTool[] = [
  { name: 'sql', readOnly: true, sql: { dialect: 'sqlite', argument: 'statement' } },
  { name: 'look', readOnly: true },
  { name: 'pay', readOnly: false },
]

function plan(
  source: string,
  sqlReaders: readonly SqlReader[] = [policy],
): Promise<CapabilityPlan> {
  const { facts } = readOk(source, { toolNames: tools.map(({ name }) => name) })
  return derivePlan(facts, { tools, sqlReaders })
}

describe('derivePlan', () => {
  it('names nothing for a program that calls nothing', async () => {
    expect(await plan('return data')).toEqual({ tools: [], isUnbounded: false })
  })

  it('adds up the calls of a tool and lists its constant arguments once each', async () => {
    const source = `await tools.pay({ id: 1 })
for (const _ of [1, 2]) await tools.pay({ id: 2, cents: 5 })
await tools.pay({ cents: 5, id: 2 })`
    const [pay] = (await plan(source)).tools
    expect(pay).toMatchObject({ name: 'pay', readOnly: false, maxCalls: 4 })
    expect(pay?.constantArguments).toContainEqual({ id: 1 })
    expect(pay?.constantArguments).toContainEqual({ id: 2, cents: 5 })
  })

  it('has no arguments where one of them is computed', async () => {
    const source = 'await tools.pay({ id: 1 })\nawait tools.pay({ id: data.id })'
    expect((await plan(source)).tools).toMatchObject([{ maxCalls: 2, constantArguments: null }])
  })

  it('has no bound where one place has none', async () => {
    const source = 'await tools.pay({ id: 1 })\nwhile (data) await tools.pay({ id: 1 })'
    expect((await plan(source)).tools).toMatchObject([
      { maxCalls: null, constantArguments: [{ id: 1 }] },
    ])
  })

  it('does not count a tool that is only asked for', async () => {
    const { tools: planned } = await plan('if (tools.pay) await tools.look()')
    expect(planned.map(({ name }) => name)).toEqual(['look'])
  })

  it('says any tool, any number, when the name is computed', async () => {
    const { tools: planned, isUnbounded } = await plan('await tools[data]({ id: 1 })')
    expect(isUnbounded).toBe(true)
    expect(
      planned.map(({ name, maxCalls, constantArguments }) => [name, maxCalls, constantArguments]),
    ).toEqual([
      ['sql', null, null],
      ['look', null, null],
      ['pay', null, null],
    ])
  })

  it('loses every bound when one place may call any tool', async () => {
    const source = 'await tools.pay({ id: 1 })\nfor (const name of data) await tools[name]()'
    const pay = (await plan(source)).tools.find(({ name }) => name === 'pay')
    expect(pay).toMatchObject({ maxCalls: null, constantArguments: null })
  })

  it('tells what each statement touches', async () => {
    const source = `await tools.sql({ statement: 'SELECT id, total FROM orders WHERE id = ' + 5 })`
    const [sql] = (await plan(source)).tools
    expect(sql?.sql).toEqual({
      argument: 'statement',
      statements: [
        {
          text: 'SELECT id, total FROM orders WHERE id = 5',
          shape: {
            action: 'read',
            tablesRead: ['orders'],
            tablesWritten: [],
            columns: ['orders.id', 'orders.total'],
          },
        },
      ],
    })
  })

  it('knows the statement although its parameters are computed', async () => {
    const source = `await tools.sql({ statement: 'SELECT id FROM orders WHERE id = ?', params: [data.id] })`
    const [sql] = (await plan(source)).tools
    expect(sql).toMatchObject({
      constantArguments: null,
      sql: { statements: [{ shape: { action: 'read' } }] },
    })
  })

  it('knows no statement where one is put together at run time', async () => {
    const source = 'await tools.sql({ statement: `SELECT id FROM orders WHERE id = ${data.id}` })'
    expect((await plan(source)).tools).toMatchObject([{ sql: { statements: null } }])
  })

  const unread: Record<string, readonly SqlReader[]> = {
    'nobody reads SQL': [],
    'its reader fails': [{ judgeSql: () => Promise.reject(new Error('broken')) }],
    'its reader throws': [
      {
        judgeSql() {
          throw new Error('broken')
        },
      },
    ],
  }
  for (const [name, readers] of Object.entries(unread)) {
    it(`keeps the text of a statement when ${name}`, async () => {
      const source = `await tools.sql({ statement: 'SELECT 1' })`
      const [sql] = (await plan(source, readers)).tools
      expect(sql?.sql?.statements).toEqual([{ text: 'SELECT 1', shape: null }])
    })
  }

  it('says nothing of a statement that nobody understands', async () => {
    const [sql] = (await plan(`await tools.sql({ statement: 'SELECT ((' })`)).tools
    expect(sql?.sql?.statements).toEqual([{ text: 'SELECT ((', shape: null }])
  })

  it('gives up on arguments that nobody would read', async () => {
    const calls = Array.from({ length: 101 }, (_, id) => `await tools.pay({ id: ${id} })`)
    expect((await plan(calls.join('\n'))).tools).toMatchObject([
      { maxCalls: 101, constantArguments: null },
    ])
  })
})
