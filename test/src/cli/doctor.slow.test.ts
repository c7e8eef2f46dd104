import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../store/temporary-folder.ts'

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

  it('tries the walls of each SQL tool of a module on a real connection', () => {
    const folder = temporaryFolder()
    const file = join(folder, 'shop.db')
    new DatabaseSync(file).exec('CREATE TABLE orders (id INTEGER)')
    const index = new URL('../../../src/index.ts', import.meta.url).href
    const module = join(folder, 'tools.mjs')
    const access = '{ readableTables: ["orders"] }'
    writeFileSync(
      module,
      `import { sqlTool } from ${JSON.stringify(index)}
      const shared = { dialect: 'sqlite', database: ${JSON.stringify(file)} }
      export const tools = [sqlTool({ ...shared, name: 'held', access: ${access} }), sqlTool({ ...shared, name: 'open' })]`,
    )
    const { status, text } = doctor(['--json', '--tools', module])
    const { databases, isWell } = JSON.parse(text)
    const down = (tool: number) =>
      databases[tool].walls
        .filter(({ isUp }: { isUp: boolean }) => !isUp)
        .map(({ name }: { name: string }) => name)
    expect(databases).toMatchObject([
      { tool: 'held', dialect: 'sqlite', error: null },
      { tool: 'open', dialect: 'sqlite', error: null },
    ])
    expect(down(0)).toEqual([])
    expect(down(1)).toEqual(['tables-and-columns'])
    expect({ isWell, status }).toEqual({ isWell: false, status: 1 })
  })
})
