import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import type { RunRecord } from '../../src/store/run-store.ts'
import { temporaryFolder } from './store/temporary-folder.ts'

const source = new URL('../../src/', import.meta.url).href

/**
 * A server process with a till: `pay` writes into a file of its own, which is the witness, and waits
 * for a file to appear before it answers.
 */
const SERVER = `
import { appendFileSync, existsSync } from 'node:fs'
import { z } from 'zod'
const { defineTool, DevelopmentAuthorizationPolicy } = await import('${source}index.ts')
const { createTestApp, testUser } = await import('${source}testing/index.ts')
// Whoever reads this stops reading before the server stops writing.
process.stdout.on('error', () => undefined)
const [folder, mode] = process.argv.slice(-2)
const app = createTestApp([], { store: folder + '/store.db', authorization: new DevelopmentAuthorizationPolicy() })
const wait = async (name) => { while (!existsSync(folder + '/' + name)) await new Promise((r) => setTimeout(r, 10)) }
const tool = (name, traits) => defineTool({
  name, description: name, input: z.object({ n: z.number() }), ...traits,
  run: async ({ n }, { idempotencyKey }) => {
    appendFileSync(folder + '/effects', name + ' ' + n + ' ' + idempotencyKey + '\\n')
    console.log('called ' + name + ' ' + n)
    if (n === 2) await wait('go')
    return { n }
  },
})
const tools = [tool('look', { readOnly: true }), tool('pay', { readOnly: false }), tool('post', { readOnly: false, idempotent: true })]
const denying = { name: 'Lent', evaluateToolCall: () => [{ ruleId: 'closed', source: 'Lent', severity: 'violation', message: 'The till is closed' }] }
app.agentEndpoint({ name: 'till', public: true, execute: true, limits: { timeoutMs: 60_000 }, tools, policies: mode === 'closed' ? [denying] : [] })
app.agentEndpoint({ name: 'slow', public: true }, async () => { console.log('called handler'); await wait('go'); return 1 })
await app.start()
const user = testUser('ann')
const program = (name) => \`const seen = []; for (let n = 1; n <= 3; n++) seen.push((await tools.\${name}({ n })).n); return [seen, Math.random()]\`
if (mode === 'handler') void app.run({ endpoint: 'slow', intent: 'Do it', user })
else if (mode !== 'again' && mode !== 'closed') void app.execute({ endpoint: 'till', code: program(mode), user })
console.log('ready')
setInterval(() => undefined, 1000)
`

const servers: ChildProcess[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) server.kill('SIGKILL')
})

async function serve(folder: string, mode: string, until: string): Promise<ChildProcess> {
  const args = ['--no-warnings', '--input-type=module', '-e', SERVER, '--', folder, mode]
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  servers.push(server)
  let output = ''
  for await (const chunk of server.stdout ?? []) {
    output += String(chunk)
    if (output.includes(until)) break
  }
  return server
}

async function runsOf(folder: string): Promise<readonly RunRecord[]> {
  const store = await openStore(join(folder, 'store.db'))
  const runs = await store.runs.list({})
  await store.close()
  return runs
}

async function crashAndGoOn(mode: string, until: string, next: 'again' | 'closed' = 'again') {
  const folder = temporaryFolder()
  const first = await serve(folder, mode, until)
  expect(await runsOf(folder)).toMatchObject([{ status: 'running' }])
  first.kill('SIGKILL')
  await once(first, 'exit')
  const { writeFileSync, readFileSync } = await import('node:fs')
  writeFileSync(join(folder, 'go'), '')
  await serve(folder, next, 'ready')
  await expect
    .poll(async () => (await runsOf(folder))[0]?.status, { timeout: 90_000, interval: 500 })
    .not.toBe('running')
  let effects: string[] = []
  try {
    effects = readFileSync(join(folder, 'effects'), 'utf8').trim().split('\n')
  } catch {
    // No tool was called.
  }
  return { run: (await runsOf(folder))[0], effects }
}

describe('a run whose server is killed', () => {
  it('goes on where it was when the next server starts', async () => {
    const { run, effects } = await crashAndGoOn('look', 'called look 2')
    expect(run).toMatchObject({
      status: 'completed',
      outcome: { result: [[1, 2, 3], expect.any(Number)] },
    })
    // The call that was on its way is made again, the one that had an answer is not.
    expect(effects.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'look 1',
      'look 2',
      'look 2',
      'look 3',
    ])
  })

  it('repeats a call of an idempotent tool under the same key', async () => {
    const { run, effects } = await crashAndGoOn('post', 'called post 2')
    expect(run?.status).toBe('completed')
    const keys = effects
      .filter((line) => line.startsWith('post 2'))
      .map((line) => line.split(' ')[2])
    expect(keys).toHaveLength(2)
    expect(new Set(keys).size).toBe(1)
  })

  it('repeats a call only under the policies of now', async () => {
    const { run, effects } = await crashAndGoOn('look', 'called look 2', 'closed')
    expect(run).toMatchObject({
      status: 'failed',
      outcome: { error: { message: expect.stringContaining('The till is closed') } },
    })
    expect(effects.map((line) => line.split(' ')[1])).toEqual(['1', '2'])
  })

  it('never repeats a call that may have had an effect, and says so', async () => {
    const { run, effects } = await crashAndGoOn('pay', 'called pay 2')
    expect(run?.status).toBe('outcome_unknown')
    expect(effects.map((line) => line.split(' ')[1])).toEqual(['1', '2'])
  })

  it('has an ending when it was a handler', async () => {
    const { run } = await crashAndGoOn('handler', 'called handler')
    expect(run).toMatchObject({
      status: 'outcome_unknown',
      outcome: { error: { message: expect.stringContaining('handler') } },
    })
  })
})
