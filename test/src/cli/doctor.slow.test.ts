import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

function doctor(options: readonly string[] = [], env: NodeJS.ProcessEnv = process.env) {
  const run = spawnSync(process.execPath, [MAIN, 'doctor', ...options], { encoding: 'utf8', env })
  expect(run.stderr).toBe('')
  return { status: run.status, text: run.stdout }
}

describe('airlock doctor', () => {
  it('reports facts of each engine and every limit, for machines', () => {
    const { status, text } = doctor(['--json'])
    const report = JSON.parse(text)
    expect(report).toMatchObject({ node: process.version, isWell: status === 0 })
    expect(report.engines.map(({ engine }: { engine: string }) => engine)).toEqual([
      'quickjs',
      'v8',
    ])
    for (const { isolation, limits, error } of report.engines) {
      expect(error).toBeNull()
      expect(isolation.layers).toContain('process')
      expect(limits.length).toBeGreaterThan(3)
      expect(limits.filter(({ holds }: { holds: boolean }) => !holds)).toEqual([])
    }
    expect(status).toBe(report.engines[0].isolation.level === 'kernel' ? 0 : 1)
  })

  it('says the level, what is present, what is missing and what would help, for people', () => {
    // Without any tool in the path this host is at its weakest.
    const { status, text } = doctor([], { ...process.env, PATH: '' })
    expect(text).toMatch(/^quickjs {4}level \w+, started with (?:self-seal|process)$/m)
    expect(text).toMatch(/^ {2}present {2}process, /m)
    expect(text).toMatch(/^ {2}missing {2}namespaces: /m)
    expect(text).toMatch(/^ {2}limit {4}timeoutMs 250: an endless loop, stopped after \d+ ms/m)
    expect(text).toMatch(/^improve {4}\S/m)
    expect(status).toBe(text.includes('quickjs    level kernel') ? 0 : 1)
  })
})
