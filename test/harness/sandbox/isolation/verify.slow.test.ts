import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import type { IsolationDriver } from '../../../../harness/sandbox/isolation/driver.ts'
import { canSelfSeal } from '../../../../harness/sandbox/isolation/node-permission.ts'
import { candidateDrivers, isRoot } from '../../../../harness/sandbox/isolation/probe.ts'
import { locateRuntimeFiles } from '../../../../harness/sandbox/isolation/runtime-files.ts'
import {
  recheckIsolation,
  type VerifyInput,
  verifyIsolation,
} from '../../../../harness/sandbox/isolation/verify.ts'
import { ProcessSpawner } from '../../../../harness/sandbox/process-spawner.ts'
import { SandboxProcess } from '../../../../harness/sandbox/sandbox-process.ts'
import { REMOVABLE_LAYERS, WeakenedDriver } from './layers/without-layers.ts'

const files = await locateRuntimeFiles(isRoot(), 'quickjs')
const spawner = new ProcessSpawner()
afterAll(async () => {
  await spawner.close()
  files.remove()
})

const drivers = candidateDrivers()
const withNamespaces = drivers.filter(({ name }) => /^(?:bwrap|unshare)/.test(name))

/** Does something with a child of a driver; null where this host cannot run the driver. */
async function withChild<T>(
  driver: IsolationDriver,
  use: (child: SandboxProcess) => Promise<T>,
): Promise<T | null> {
  const child = await SandboxProcess.start(spawner, driver, files).catch(() => null)
  if (child === null) return null
  try {
    return await use(child)
  } finally {
    child.kill()
    await child.exited
  }
}

describe.skipIf(process.platform !== 'linux')('checking a child again', () => {
  for (const driver of drivers) {
    it(`finds it as it was with ${driver.name}`, async () => {
      await withChild(driver, async ({ pid, facts }) => {
        expect(recheckIsolation(pid, facts)).toBe(true)
      })
    })
  }

  it('fails for a process that is gone', async () => {
    const gone = await withChild(drivers[0] as IsolationDriver, async (child) => child)
    if (gone === null) throw new Error('No child')
    expect(recheckIsolation(gone.pid, gone.facts)).toBe(false)
  })

  it('fails for another process', async () => {
    await withChild(drivers[0] as IsolationDriver, async ({ facts }) => {
      expect(recheckIsolation(process.pid, facts)).toBe(false)
    })
  })

  it('fails for each layer that is not there any more', async () => {
    const weakest = drivers.at(-1) as IsolationDriver
    await withChild(weakest, async ({ pid, facts }) => {
      expect(recheckIsolation(pid, facts)).toBe(true)
      for (const layer of ['seccomp', 'no-new-privs', 'namespaces'] as const) {
        const layers = [...facts.layers, layer]
        expect(recheckIsolation(pid, { ...facts, layers })).toBe(false)
      }
    })
  })
})

describe.skipIf(process.platform !== 'linux')('the facts about a child', () => {
  const here: VerifyInput = {
    pid: process.pid,
    driver: 'bwrap+self-seal',
    engine: 'quickjs',
    isSealed: false,
    selfTest: { file: 'EPERM', network: 'EPERM', process: 'EPERM' },
  }

  it('are those of the kernel, whatever the driver is called', () => {
    const { level, layers } = verifyIsolation(here)
    expect(level).toBe('process')
    expect(layers).not.toContain('namespaces')
    expect(layers).not.toContain('node-permission')
  })

  it('are none where the kernel says nothing', () => {
    const { level, layers } = verifyIsolation({ ...here, pid: 2 ** 30, isSealed: true })
    expect([level, layers]).toEqual(['process', ['process', 'wasm']])
  })

  it('name WebAssembly for one engine only', () => {
    expect(verifyIsolation({ ...here, engine: 'v8' }).layers).not.toContain('wasm')
  })

  it('name a control group that the kernel confirms', () => {
    for (const holds of [true, false]) {
      const { layers } = verifyIsolation({ ...here, cgroup: { holds: () => holds } })
      expect(layers.includes('cgroup')).toBe(holds)
    }
  })
})

const canWeaken = canSelfSeal() && drivers[0]?.name === 'bwrap+self-seal'

describe.skipIf(!canWeaken)('a layer that was taken away', () => {
  for (const layer of REMOVABLE_LAYERS) {
    if (layer === 'uid-drop' && !isRoot()) continue
    it(`is missing: ${layer}`, async () => {
      const driver = new WeakenedDriver([layer])
      const facts = await withChild(driver, async (child) => child.facts)
      expect(facts?.layers).not.toContain(layer)
      expect(facts?.missing.map((missing) => missing.layer)).toContain(layer)
    })
  }

  const levels: Readonly<Record<string, string>> = {
    seccomp: 'process',
    namespaces: 'kernel',
    landlock: 'kernel',
    'uid-drop': 'process',
  }
  for (const [layer, level] of Object.entries(levels)) {
    if (layer === 'uid-drop' && !isRoot()) continue
    it(`leaves the level ${level}: ${layer}`, async () => {
      const driver = new WeakenedDriver(REMOVABLE_LAYERS.filter((name) => name === layer))
      const facts = await withChild(driver, async (child) => child.facts)
      expect(facts?.level).toBe(level)
    })
  }
})

describe.skipIf(withNamespaces.length === 0)('a child that does not listen', () => {
  for (const driver of withNamespaces) {
    it(`dies with the process that watches it: ${driver.name}`, async () => {
      await withChild(driver, async ({ pid }) => {
        process.kill(pid, 'SIGSTOP')
        process.kill(parentOf(pid), 'SIGKILL')
        await expect.poll(() => isGone(pid), { timeout: 5_000, interval: 5 }).toBe(true)
      })
    })

    it(`dies with the spawner: ${driver.name}`, async () => {
      const other = new ProcessSpawner()
      const child = await SandboxProcess.start(other, driver, files).catch(() => null)
      if (child !== null) {
        process.kill(child.pid, 'SIGSTOP')
        process.kill(other.helperPid ?? 0, 'SIGKILL')
        await expect.poll(() => isGone(child.pid), { timeout: 5_000, interval: 5 }).toBe(true)
      }
      await other.close()
    })
  }
})

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1])
}

function isGone(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return true
  }
}
