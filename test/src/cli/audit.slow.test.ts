import { spawnSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../../src/store/open-store.ts'
import { recordRuns } from '../audit/audit-traces.ts'
import { temporaryFolder } from '../store/temporary-folder.ts'

const main = join(import.meta.dirname, '../../../src/cli/main.ts')

// Without the secrets of the test run: a store has its own in the files beside it.
const env = { PATH: process.env['PATH'] }

function airlock(...args: string[]): { code: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'audit', ...args], {
    env,
    encoding: 'utf8',
  })
  return { code: status, out: stdout, error: stderr }
}

/** A store with some runs, made by a process of its own that had no secrets from outside. */
async function storeWithRuns(runs: number): Promise<{ folder: string; store: string }> {
  const folder = temporaryFolder()
  const store = join(folder, 'store.db')
  const secrets = { AIRLOCK_AUDIT_KEY: '', AIRLOCK_MASTER_KEY: '' }
  const kept = Object.entries(secrets).map(([name]) => [name, process.env[name]] as const)
  Object.assign(process.env, secrets)
  try {
    const opened = await openStore(store)
    await recordRuns(opened, runs)
    await opened.close()
  } finally {
    for (const [name, value] of kept) if (value !== undefined) process.env[name] = value
  }
  return { folder, store }
}

describe('airlock audit', { timeout: 60_000 }, () => {
  it('keeps secrets beside the store for their owner alone', async () => {
    const { store } = await storeWithRuns(1)
    for (const name of ['audit-key', 'master-key']) {
      expect(statSync(`${store}.${name}`).mode & 0o777).toBe(0o600)
    }
  })

  it('exports a chain that can be checked offline, and finds the byte that was changed', async () => {
    const { folder, store } = await storeWithRuns(5)
    const [file, kept, key] = ['export.jsonl', 'kept.json', 'key.pem'].map((n) => join(folder, n))
    if (file === undefined || kept === undefined || key === undefined) throw new TypeError('names')
    writeFileSync(kept, airlock('checkpoint', store).out)
    writeFileSync(key, airlock('key', store).out)
    expect(airlock('export', store, '--out', file).code).toBe(0)
    const check = () => airlock('verify', file, '--expect-checkpoint', kept, '--key', key)
    expect(check()).toMatchObject({ code: 0, out: expect.stringContaining('records 1 to 11') })
    const text = readFileSync(file, 'latin1')
    const at = text.indexOf('"sealed', text.indexOf('"position":6')) + 60
    const changed = String.fromCharCode(text.charCodeAt(at) ^ 1)
    writeFileSync(file, text.slice(0, at) + changed + text.slice(at + 1), 'latin1')
    expect(check()).toMatchObject({ code: 1, out: expect.stringMatching(/BROKEN: Record \d+ /) })
    const lines = text.trimEnd().split('\n')
    const end = lines.findLastIndex((line) => line.includes('"position":9,'))
    writeFileSync(file, `${lines.slice(0, end).join('\n')}\n`)
    expect(check()).toMatchObject({ code: 1, out: expect.stringContaining('not there') })
  })

  it('rotates the key, and what was signed with the old one still counts', async () => {
    const { folder, store } = await storeWithRuns(2)
    const [kept, key] = [join(folder, 'kept.json'), join(folder, 'key.pem')]
    writeFileSync(kept, airlock('checkpoint', store).out)
    writeFileSync(key, airlock('key', store).out)
    expect(airlock('rotate-key', store)).toMatchObject({ code: 0 })
    expect(airlock('key', store).out).not.toBe(readFileSync(key, 'utf8'))
    airlock('checkpoint', store)
    const check = () =>
      airlock('verify', '--store', store, '--expect-checkpoint', kept, '--key', key)
    expect(check()).toMatchObject({ code: 0 })
    expect(airlock('rotate-key', store, '--lost')).toMatchObject({ code: 0 })
    airlock('checkpoint', store)
    // Nobody whom the first key trusts has signed the last checkpoint.
    expect(check()).toMatchObject({ code: 1 })
    expect(airlock('verify', '--store', store)).toMatchObject({
      code: 0,
      out: expect.stringContaining('nobody vouches'),
    })
  })

  it('erases a person when it is told to, and not before', async () => {
    const { store } = await storeWithRuns(2)
    const erase = (...more: string[]) =>
      airlock('erase', store, '--user', 'ada', '--tenant', 'acme', ...more)
    expect(erase()).toMatchObject({ code: 1, out: expect.stringContaining('--yes') })
    expect(erase('--yes')).toMatchObject({ code: 0, out: 'Erased.\n' })
    expect(erase('--yes')).toMatchObject({ code: 0, out: 'Nothing is stored of that person.\n' })
    expect(airlock('verify', '--store', store)).toMatchObject({ code: 0 })
  })

  for (const args of [[], ['what'], ['verify'], ['verify', 'a', 'b'], ['export'], ['erase', 'x']]) {
    it(`says how it is used: ${args.join(' ') || 'nothing'}`, () => {
      expect(airlock(...args)).toMatchObject({ code: 2, error: expect.stringContaining('--help') })
    })
  }

  it('makes no store where there is none', () => {
    const store = join(temporaryFolder(), 'none.db')
    for (const command of ['export', 'key', 'checkpoint', 'rotate-key']) {
      expect(airlock(command, store)).toMatchObject({
        code: 1,
        error: expect.stringContaining('no such store'),
      })
    }
  })
})
