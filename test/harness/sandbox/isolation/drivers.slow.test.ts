import { afterAll, describe, expect, it } from 'vitest'
import type { IsolationDriver } from '../../../../harness/sandbox/isolation/driver.ts'
import { candidateDrivers, isRoot } from '../../../../harness/sandbox/isolation/probe.ts'
import { locateRuntimeFiles } from '../../../../harness/sandbox/isolation/runtime-files.ts'
import { ProcessSandbox } from '../../../../harness/sandbox/process-sandbox.ts'
import { ProcessSpawner } from '../../../../harness/sandbox/process-spawner.ts'
import { SandboxProcess } from '../../../../harness/sandbox/sandbox-process.ts'
import { hasLayers, outcomeOf, runBody } from '../run-in-sandbox.ts'

const files = await locateRuntimeFiles(isRoot(), 'quickjs')
const spawner = new ProcessSpawner()
afterAll(async () => {
  await spawner.close()
  files.remove()
})

async function factsOf(driver: IsolationDriver) {
  const child = await SandboxProcess.start(spawner, driver, files)
  child.kill()
  return child.facts
}

describe('isolation drivers', () => {
  const engines = ['quickjs', 'v8'] as const
  const all = candidateDrivers().flatMap((driver) => engines.map((engine) => ({ driver, engine })))
  for (const { driver, engine } of all) {
    it(`${driver.name} runs programs in ${engine} and reports what was verified`, async (context) => {
      const sandbox = new ProcessSandbox({
        engine,
        isolation: { minimum: 'best', drivers: [driver] },
        pool: { min: 0 },
      })
      const facts = await sandbox.probe().catch(() => null)
      if (facts === null) return context.skip('This host cannot run the driver')
      expect(facts).toMatchObject({ driver: driver.name, engine })
      expect(facts.layers.includes('wasm')).toBe(engine === 'quickjs')
      expect(
        await outcomeOf(
          runBody(
            sandbox,
            'return [await tools.echo({ a: 1 }), new Intl.NumberFormat().format(1e3)]',
          ),
        ),
      ).toEqual([{ a: 1 }, '1,000'])
      const { ending } = await runBody(sandbox, 'for (;;);', { limits: { timeoutMs: 100 } })
      expect(ending.kind).toBe('timeout')
      await sandbox.close()

      const isKernel =
        hasLayers(facts, 'seccomp', 'no-new-privs', 'no-capabilities') &&
        (hasLayers(facts, 'landlock') || hasLayers(facts, 'namespaces', 'read-only-root'))
      const isApart = hasLayers(facts, 'no-new-privs', 'no-capabilities', 'namespaces')
      expect(facts.level).toBe(isKernel ? 'kernel' : isApart ? 'namespaced' : 'process')
      const { layers, missing } = facts
      expect(missing.every(({ layer, remedy }) => !layers.includes(layer) && remedy !== '')).toBe(
        true,
      )
    })
  }

  it('reports the plain process driver as level process, with remedies', async () => {
    const driver = candidateDrivers().at(-1)
    if (driver === undefined) throw new Error('No driver')
    const facts = await factsOf(driver)
    expect(facts.level).toBe('process')
    expect(facts.missing.map(({ layer }) => layer)).toEqual(
      expect.arrayContaining(['seccomp', 'namespaces']),
    )
    expect(facts.missing.some(({ remedy }) => remedy.includes('bubblewrap'))).toBe(true)
  })

  it('runs nothing below the minimum, and says what would help', async () => {
    const drivers = candidateDrivers().slice(-1)
    let calls = 0
    const onToolCall = async () => {
      calls++
      return { kind: 'value', value: null } as const
    }
    const sandbox = new ProcessSandbox({ isolation: { drivers }, pool: { min: 0 } })
    const refusal = {
      code: 'ERR_ISOLATION_UNAVAILABLE',
      message: expect.stringContaining('bubblewrap'),
    }
    await expect(runBody(sandbox, 'return tools.echo()', { onToolCall })).rejects.toMatchObject(
      refusal,
    )
    await expect(sandbox.probe()).rejects.toMatchObject({ code: 'ERR_ISOLATION_UNAVAILABLE' })
    expect(calls).toBe(0)
    await sandbox.close()
  })

  it('takes the next driver when one cannot start', async () => {
    const broken: IsolationDriver = {
      name: 'broken',
      plan: () => ({ command: '/does/not/exist', args: [], reportsPid: true, seal: null }),
    }
    const drivers = [broken, ...candidateDrivers().slice(-1)]
    const sandbox = new ProcessSandbox({
      isolation: { minimum: 'best', drivers },
      pool: { min: 0 },
    })
    expect((await sandbox.probe()).driver).toBe('process')
    await sandbox.close()
  })

  it('fails when no driver can start', async () => {
    const broken: IsolationDriver = {
      name: 'broken',
      plan: () => ({ command: process.execPath, args: ['-e', ''], reportsPid: false, seal: null }),
    }
    const sandbox = new ProcessSandbox({ isolation: { minimum: 'best', drivers: [broken] } })
    await expect(sandbox.probe()).rejects.toMatchObject({ code: 'ERR_SANDBOX_FAILED' })
    await sandbox.close()
  })
})
