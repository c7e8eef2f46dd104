import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open-store.ts'
import { temporaryFolder } from './store/temporary-folder.ts'

const source = new URL('../../src/', import.meta.url).href

/**
 * A server whose model writes a program that fails after a call, then a better one. Where the file `go` is not
 * there, the model (mode `model`) or the better program's call (mode `call`) never answers.
 */
const SERVER = `
import { appendFileSync, existsSync } from 'node:fs'
import { z } from 'zod'
const { defineTool, DevelopmentAuthorizationPolicy } = await import('${source}index.ts')
const { createTestApp, testUser } = await import('${source}testing/index.ts')
const [folder, mode] = process.argv.slice(-2)
// Whoever waited for a line has stopped reading.
process.stdout.on('error', () => undefined)
const wait = async (name) => { while (!existsSync(folder + '/' + name)) await new Promise((r) => setTimeout(r, 10)) }
const fence = (code) => '\`\`\`js\\n' + code + '\\n\`\`\`'
const app = createTestApp(async ({ purpose }) => {
  if (purpose !== 'repair') return fence('await tools.look({ n: 1 })\\nthrow new Error("the first")')
  console.log('asked again')
  if (mode === 'model') await wait('go')
  return fence('await tools.look({ n: 2 })\\nreturn (await tools.look({ n: 3 })).n')
}, { store: folder + '/store.db', authorization: new DevelopmentAuthorizationPolicy() })
const look = defineTool({
  name: 'look', description: 'Looks', input: z.object({ n: z.number() }), readOnly: true,
  run: async ({ n }) => {
    appendFileSync(folder + '/effects', n + '\\n')
    console.log('called look ' + n)
    if (n === 3) await wait('go')
    return { n }
  },
})
app.agentEndpoint({ name: 'till', public: true, tools: [look], typeCheck: 'off', limits: { timeoutMs: 120_000 } })
await app.start()
if (mode !== 'again') void app.run({ endpoint: 'till', intent: 'Look', user: testUser('ann') })
console.log('ready')
setInterval(() => undefined, 1000)
`

const servers: ChildProcess[] = []
afterEach(() => {
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

/** The one run and its trace, read beside the server. */
async function read(folder: string) {
  const store = await openStore(join(folder, 'store.db'))
  const [[run], [trace]] = await Promise.all([store.runs.list({}), store.audit.list({})])
  await store.close()
  if (run === undefined || trace === undefined) throw new TypeError('There is no run')
  return { run, trace }
}

async function crashAndGoOn(mode: string, until: string) {
  const folder = temporaryFolder()
  const first = await serve(folder, mode, until)
  first.kill('SIGKILL')
  await once(first, 'exit')
  writeFileSync(join(folder, 'go'), '')
  await serve(folder, 'again', 'ready')
  await expect
    .poll(async () => (await read(folder)).run.status, { timeout: 60_000, interval: 500 })
    .not.toBe('running')
  const { run, trace } = await read(folder)
  return {
    status: run.status,
    outcome: run.outcome,
    trace,
    looks: readFileSync(join(folder, 'effects'), 'utf8').trim().split('\n'),
  }
}

describe('a server that is killed while a program is mended', () => {
  it('goes on with the program on record when the model had not answered', async () => {
    const { status, outcome, trace, looks } = await crashAndGoOn('model', 'asked again')
    expect(status).toBe('failed')
    expect(outcome).toMatchObject({
      error: { code: 'ERR_PROGRAM_FAILED' },
      attempts: [{ calls: ['look'] }],
      toolCalls: [{ seq: 0, outcome: 'value' }],
    })
    expect(trace.attempts).toMatchObject([{ code: 'ERR_PROGRAM_FAILED', calls: ['look'] }])
    // What was answered before is not called again.
    expect(looks).toEqual(['1'])
  })

  it('goes on with the better program where it was', async () => {
    const { status, outcome, trace, looks } = await crashAndGoOn('call', 'called look 3')
    expect(status).toBe('completed')
    expect(outcome).toMatchObject({
      result: 3,
      attempts: [{ calls: ['look'] }],
      toolCalls: [{ seq: 1 }, { seq: 2 }],
    })
    expect(trace).toMatchObject({ attempts: [{ calls: ['look'] }] })
    expect(trace.toolCalls.map(({ seq }: { seq: number }) => seq)).toEqual([0, 1, 2])
    expect(looks).toEqual(['1', '2', '3', '3'])
  })
})
