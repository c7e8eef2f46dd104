import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { FILES, writeFiles } from './checked-modules.ts'

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))
const { folder, remove } = writeFiles()
afterAll(remove)

// Whoever runs the tests may have asked for colours, or against them.
const { FORCE_COLOR: _, NO_COLOR: __, ...WITHOUT_COLOURS } = process.env

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

interface Start {
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
}

function airlock(
  args: readonly string[],
  { input = '', environment = {} }: Start = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'check', ...args], {
    cwd: folder,
    env: { ...WITHOUT_COLOURS, ...environment },
  })
  const texts = { output: '', errors: '' }
  child.stdout.on('data', (chunk) => {
    texts.output += chunk
  })
  child.stderr.on('data', (chunk) => {
    texts.errors += chunk
  })
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...texts })))
}

const MODULES = ['--tools', 'tools.mjs', '--policy', 'policies.mjs']

describe('airlock check', () => {
  it('allows what the gates allow, and says what it can reach', async () => {
    const { code, output, errors } = await airlock(['good.ts', ...MODULES])
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
    expect(output).toContain('good.ts  allowed')
    expect(output).toContain('Calls sql, once at most, with {"sql":"SELECT id FROM orders"}')
    expect(output).toContain('Its SQL reads orders; columns orders.id')
  })

  it('allows with a warning', async () => {
    const { code, output } = await airlock(['warned.ts', ...MODULES])
    expect(code).toBe(0)
    expect(output).toContain('warned.ts:1:23  warning  types/tool-argument')
  })

  it('leaves the types out when told so', async () => {
    const { code, output } = await airlock(['warned.ts', ...MODULES, '--no-types'])
    expect(code).toBe(0)
    expect(output).toContain('0 violations, 0 warnings; types not checked')
  })

  it('denies one of several files by analysis and by policy', async () => {
    const { code, output } = await airlock(['good.ts', 'denied.js', ...MODULES, '--json'])
    expect(code).toBe(1)
    const { files } = JSON.parse(output)
    expect(files.map(({ decision }: { decision: string }) => decision)).toEqual(['allow', 'deny'])
    const rules = files[1].findings.map(({ ruleId }: { ruleId: string }) => ruleId)
    expect(rules).toEqual(expect.arrayContaining(['sql-policy', 'no-eval']))
  })

  it('denies a tool that is not granted', async () => {
    const { code, output } = await airlock(['good.ts', '--policy', 'policies.mjs'])
    expect(code).toBe(1)
    expect(output).toContain('no-unknown-tool')
  })

  it('denies what is no program', async () => {
    const { code, output } = await airlock(['no program.ts', '--sarif'])
    expect(code).toBe(1)
    const { version, runs } = JSON.parse(output)
    expect(version).toBe('2.1.0')
    expect(runs[0].results).toMatchObject([{ ruleId: 'syntax', level: 'error' }])
  })

  it('reads the standard input', async () => {
    const { code, output } = await airlock(['-', ...MODULES], { input: FILES['good.ts'] ?? '' })
    expect(code).toBe(0)
    expect(output).toContain('<stdin>  allowed')
  })

  it('runs nothing of the program', async () => {
    const input = 'console.log("was run"); return tools.refund({ orderId: 1 })'
    const { code, output, errors } = await airlock(['-', ...MODULES, '--json'], { input })
    expect(code).toBe(0)
    expect(`${output}${errors}`).not.toContain('was run')
  })

  const misuse: Record<string, readonly string[]> = {
    'no file': [],
    'an option that does not exist': ['good.ts', '--bogus'],
    'a file that is not there': ['absent.ts'],
    'a module that is not there': ['good.ts', '--tools', 'absent.mjs'],
    'a module without policies': ['good.ts', '--policy', 'nothing.mjs'],
  }
  for (const [name, args] of Object.entries(misuse)) {
    it(`ends with 2 and prints no verdict for ${name}`, async () => {
      const { code, output, errors } = await airlock(args)
      expect({ code, output }).toEqual({ code: 2, output: '' })
      expect(errors).not.toBe('')
    })
  }

  it('prints its help', async () => {
    const { code, output } = await airlock(['--help'])
    expect(code).toBe(0)
    for (const option of ['--tools', '--policy', '--json', '--sarif'])
      expect(output).toContain(option)
  })

  it('has colours on a terminal that wants them, and nowhere else', async () => {
    const coloured = await airlock(['text.js'], { environment: { FORCE_COLOR: '1' } })
    const plain = await airlock(['text.js'])
    const sequence = '\u001B['
    expect(coloured.output.split(sequence).length).toBeGreaterThan(5)
    // What the program holds is shown, but not to the terminal.
    expect(coloured.output).not.toContain(`${sequence}2J`)
    expect(plain.output).not.toContain(sequence)
  })
})
