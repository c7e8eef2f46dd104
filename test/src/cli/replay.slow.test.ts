import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { defineTool, jsonSchema } from '../../../src/index.ts'
import { createTestApp, testUser } from '../../../src/testing/index.ts'
import { temporaryFolder } from '../store/temporary-folder.ts'

const main = new URL('../../../src/cli/main.ts', import.meta.url).pathname

const REFUND = `const order = await tools.look({ id: 7 })
const paid = await tools.refund({ id: 7, cents: order.cents })
return { paid, at: Date.now(), luck: Math.random() }`

/** A policy file that denies refunds over a limit, and counts on nothing but the arguments. */
const limiting = (cents: number) => `export const policies = [{
  name: 'Limit',
  evaluateToolCall: ({ tool, argument }) => tool.name === 'refund' && argument.cents > ${cents}
    ? [{ ruleId: 'limit', source: 'Limit', severity: 'violation', message: 'Too much' }] : [],
}]`

async function storeWithRuns() {
  const folder = temporaryFolder()
  const store = join(folder, 'store.db')
  const schema = jsonSchema<{ id: number; cents?: number }>({ type: 'object' })
  const calls: string[] = []
  const app = createTestApp([], { store })
  const tool = (name: string, readOnly: boolean) =>
    defineTool({
      ...{ name, description: name, input: schema, readOnly },
      run: ({ id }) => {
        calls.push(name)
        return { cents: id * 100 }
      },
    })
  const tools = [tool('look', true), tool('refund', false)]
  app.agentEndpoint({
    name: 'shop',
    public: true,
    execute: true,
    typeCheck: 'off',
    limits: { timeoutMs: 60_000 },
    tools,
  })
  app.agentEndpoint({ name: 'hello', public: true }, () => 'hello')
  const user = testUser('ann')
  const { runId } = await app.execute({ endpoint: 'shop', code: REFUND, user })
  await app.execute({ endpoint: 'shop', code: 'return 1', user })
  await app.run({ endpoint: 'hello', intent: 'Hi', user })
  await app.close()
  const policy = (cents: number) => {
    const file = join(folder, `limit-${cents}.mjs`)
    writeFileSync(file, limiting(cents))
    return file
  }
  return { store, runId, policy, calls }
}

function airlock(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-warnings', main, ...args, '--isolation', 'best', '--json'],
    { encoding: 'utf8' },
  )
  const json = stdout.startsWith('{') ? JSON.parse(stdout) : null
  return { status, json, text: stdout + stderr }
}

const digestOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

describe('airlock replay', () => {
  it('finds that nothing would differ, calls no tool and writes nothing', async () => {
    const { store, runId, calls } = await storeWithRuns()
    const before = digestOf(store)
    const { status, json } = airlock('replay', runId, '--store', store)
    expect(json).toMatchObject({
      differences: [],
      replay: { verdict: 'allowed', ending: 'completed', calls: [{ seq: 0 }, { seq: 1 }] },
    })
    expect(status).toBe(0)
    expect(calls).toEqual(['look', 'refund'])
    expect(digestOf(store)).toBe(before)
  })

  it('says which call another policy would deny, and what it would still allow', async () => {
    const { store, runId, policy } = await storeWithRuns()
    const denied = airlock('replay', runId, '--store', store, '--policy', policy(500))
    expect(denied.status).toBe(1)
    expect(denied.json).toMatchObject({
      differences: [{ kind: 'call-denied', seq: 1, message: expect.stringContaining('Too much') }],
      replay: { ending: 'completed', calls: [{ now: 'allowed' }, { now: 'denied' }] },
    })
    expect(airlock('replay', runId, '--store', store, '--policy', policy(700)).status).toBe(0)
  })

  it('says what is wrong with its command line, the store and the run', async () => {
    const { store } = await storeWithRuns()
    expect(airlock('replay', 'x', '--store', `${store}.not`).status).toBe(2)
    expect(airlock('replay', 'x', '--store', store).status).toBe(2)
    expect(airlock('replay', '--store', store).text).toContain('Name one run')
  })
})

describe('airlock backtest', () => {
  it('replays every run with a program and sums up', async () => {
    const { store, policy, runId } = await storeWithRuns()
    const test = (...more: string[]) =>
      airlock('backtest', '--store', store, '--since', '1d', ...more)
    const strict = test('--policy', policy(500))
    expect(strict.status).toBe(1)
    expect(strict.json).toMatchObject({
      ...{ runs: 3, skipped: 1, same: 1, different: 1, kinds: { 'call-denied': 1 } },
      differing: [{ runId }],
    })
    expect(test('--policy', policy(900)).status).toBe(0)
    expect(test('--policy', policy(500), '--endpoint', 'hello').json).toMatchObject({
      ...{ runs: 1, skipped: 1, different: 0 },
    })
    const old = airlock(
      'backtest',
      '--store',
      store,
      '--policy',
      policy(500),
      '--since',
      '2999-01-01',
    )
    expect(old.json).toMatchObject({ runs: 0 })
  })
})
