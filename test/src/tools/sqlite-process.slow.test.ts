import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, expect, it } from 'vitest'
import { descendantsOf } from '../../support/processes.ts'
import { ask, openSqliteShop } from './sql-shops.ts'

const shop = openSqliteShop()
afterAll(() => shop.close())

const ENDLESS =
  'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c'

it('leaves no process behind when the host is killed during a statement', async () => {
  const entry = new URL('../../../src/tools/sqlite-child.ts', import.meta.url)
  const options = { file: shop.file, mode: 'read', access: null, busyTimeoutMs: 1_000 }
  const statement = { text: ENDLESS, params: [], maxRows: 1, maxBytes: 1_000 }
  const host = `
    const child = require('node:child_process').fork(
      new URL(${JSON.stringify(entry.href)}),
      [${JSON.stringify(JSON.stringify(options))}],
    )
    child.once('message', () => {
      const question = ${JSON.stringify({ kind: 'run', statement })}
      child.send(question, () => process.kill(process.pid, 'SIGKILL'))
    })
  `
  const { stdout } = spawn(process.execPath, ['-e', host], { stdio: ['ignore', 'pipe', 'ignore'] })
  stdout.resume()
  // The pipe closes when the last process that holds it has ended.
  await once(stdout, 'close')
}, 60_000)

it('tells who waits for their turn that nobody wants the answer, while another statement runs', async () => {
  const tool = shop.open({ statementTimeoutMs: 60_000 })
  await ask(tool, 'SELECT 1')
  const running = new AbortController()
  const first = ask(tool, ENDLESS, [], { signal: running.signal }).catch((error: unknown) => error)
  const waiting = new AbortController()
  const second = ask(tool, 'SELECT 1', [], { signal: waiting.signal })
  waiting.abort(new Error('not wanted'))
  await expect(second).rejects.toThrow('not wanted')
  running.abort(new Error('enough'))
  expect(await first).toMatchObject({ message: 'enough' })
}, 60_000)

it('does not count the start of the process into the time of a statement', async () => {
  const before = descendantsOf(process.pid)
  const tool = shop.open({ statementTimeoutMs: 2_000 })
  const answer = ask(tool, 'SELECT 1 AS a')
  await new Promise(setImmediate)
  const [child = 0] = descendantsOf(process.pid).filter((pid) => !before.includes(pid))
  // A host so busy that the process comes to nothing for longer than a statement may take.
  process.kill(child, 'SIGSTOP')
  setTimeout(() => process.kill(child, 'SIGCONT'), 2_500)
  expect(await answer).toMatchObject({ rows: [{ a: 1 }] })
}, 60_000)
