import { afterEach, describe, expect, it, vi } from 'vitest'
import { openCgroups } from '../../../../harness/sandbox/isolation/cgroup.ts'
import { canSelfSeal } from '../../../../harness/sandbox/isolation/node-permission.ts'
import { candidateDrivers } from '../../../../harness/sandbox/isolation/probe.ts'
import { locateRuntimeFiles } from '../../../../harness/sandbox/isolation/runtime-files.ts'
import { recheckIsolation, verifyIsolation } from '../../../../harness/sandbox/isolation/verify.ts'

// What this file cannot show is that a child runs there: the checks before and after it.
afterEach(() => vi.unstubAllGlobals())

function pretend(platform: NodeJS.Platform): void {
  const { getuid, geteuid, ...rest } = Object.getOwnPropertyDescriptors(process)
  const copy = Object.create(Object.getPrototypeOf(process), {
    ...rest,
    ...(platform === 'win32' ? {} : { getuid, geteuid }),
    platform: { value: platform, enumerable: true },
  })
  vi.stubGlobal('process', copy)
}

describe.each(['darwin', 'win32'] as const)('a host on %s', (platform) => {
  it('has one driver and no seal', () => {
    pretend(platform)
    expect(candidateDrivers().map(({ name }) => name)).toEqual(['process'])
    expect(canSelfSeal()).toBe(false)
  })

  it('has no user to become when there is none', async () => {
    pretend(platform)
    const files = await locateRuntimeFiles(false, 'quickjs')
    const plan = candidateDrivers()[0]?.plan(files)
    expect(plan?.args).toContain('--permission')
    if (platform === 'win32') expect(plan).not.toHaveProperty('userId')
    expect(files.libraries).toEqual([])
    files.remove()
  })

  it('is at level process with whatever the child says', () => {
    pretend(platform)
    const facts = verifyIsolation({
      // No system there has a process of this number, and a /proc that knows it.
      pid: 2 ** 30,
      driver: 'process',
      engine: 'quickjs',
      isSealed: false,
      selfTest: { file: 'ERR_ACCESS_DENIED', network: 'EPERM', process: 'ERR_ACCESS_DENIED' },
    })
    expect(facts.level).toBe('process')
    expect(facts.layers).toEqual(['process', 'wasm', 'node-permission'])
    expect(new Set(facts.missing.map(({ remedy }) => remedy))).toEqual(
      new Set(['Run the host on Linux: this system has nothing of the kind']),
    )
    expect(recheckIsolation(process.pid, facts)).toBe(true)
  })

  it('does not count a permission model that refuses nothing', () => {
    pretend(platform)
    const { layers } = verifyIsolation({
      pid: 2 ** 30,
      driver: 'process',
      engine: 'v8',
      isSealed: false,
      selfTest: { file: 'allowed', network: 'allowed', process: 'allowed' },
    })
    expect(layers).toEqual(['process'])
  })

  it('has no control groups', () => {
    expect(openCgroups(null)).toBeNull()
  })
})
