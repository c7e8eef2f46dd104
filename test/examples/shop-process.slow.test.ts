import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { descendantsOf, haveEnded } from '../support/processes.ts'

const root = join(import.meta.dirname, '../..')
const started: ChildProcess[] = []

afterEach(() => {
  for (const child of started) child.kill('SIGKILL')
})

/** The demo as its own process; resolves when it has said something, or that it serves. */
async function startShop(
  until = 'Ctrl-C stops the server',
): Promise<{ child: ChildProcess; output: () => string; url: string }> {
  const child = spawn(process.execPath, ['examples/shop/main.ts'], {
    cwd: root,
    env: { PATH: process.env['PATH'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let output = ''
  const done = Promise.withResolvers<void>()
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString()
      if (output.includes(until)) done.resolve()
    })
  }
  child.once('exit', () => done.reject(new Error(`The shop ended early:\n${output}`)))
  await done.promise
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? ''
  return { child, output: () => output, url }
}

describe('the demo server', () => {
  it('plays the tour, serves, and stops cleanly on Ctrl-C: no child is left', async () => {
    const { child, output, url } = await startShop()
    expect(output()).toContain('Isolation:')
    expect(output()).toContain('"refund_id"')
    expect((await fetch(`${url}/health`)).status).toBe(200)
    const family = descendantsOf(child.pid ?? 0)
    expect(family.length).toBeGreaterThan(0)
    child.kill('SIGINT')
    const [code, signal] = await once(child, 'exit')
    expect([code, signal]).toEqual([0, null])
    expect(await haveEnded(family, 1_000)).toBe(true)
  }, 120_000)

  it('stops cleanly on Ctrl-C in the middle of its tour', async () => {
    const { child, output } = await startShop('1. What was')
    const family = descendantsOf(child.pid ?? 0)
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    expect([code, output()]).toEqual([0, expect.not.stringContaining('Error')])
    expect(await haveEnded(family, 1_000)).toBe(true)
  }, 120_000)

  it('takes the next port when its own is taken', async () => {
    const first = await startShop()
    const second = await startShop()
    expect(second.url).not.toBe(first.url)
    expect((await fetch(`${second.url}/health`)).status).toBe(200)
  }, 120_000)

  it('that is killed with kill -9 leaves no child after a second', async () => {
    const { child } = await startShop()
    const family = descendantsOf(child.pid ?? 0)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await haveEnded(family, 1_000)).toBe(true)
  }, 120_000)
})
