import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Cgroup, openCgroups } from '../../../../harness/sandbox/isolation/cgroup.ts'
import {
  findCgroupFolders,
  readCgroupSources,
} from '../../../../harness/sandbox/isolation/cgroup-folders.ts'

const MIB = 1024 * 1024
const LIMITS = { memoryBytes: 120 * MIB, maxTasks: 32, maxCpus: 0.5 }

const groups: Cgroup[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((done) => child.once('exit', done))
    }
  }
  for (const group of groups.splice(0)) {
    await expect.poll(() => group.remove(), { timeout: 10_000 }).toBe(true)
  }
})

/** Starts a script that begins its work when it is in its group. */
async function startIn(group: Cgroup, script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `process.stdin.once('data', () => { ${script} })`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  children.push(child)
  await group.add(child.pid ?? 0)
  child.stdin?.write('go')
  return child
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((done) => child.once('exit', (code, signal) => done(signal ?? String(code))))
}

const host = openCgroups()

describe.skipIf(host === null)('a control group of this kernel', () => {
  function createGroup(): Cgroup {
    if (host === null) throw new Error('No control groups')
    const group = host.create(LIMITS)
    groups.push(group)
    return group
  }

  it('holds the process that was put in, and no other', async () => {
    const group = createGroup()
    const child = await startIn(group, '')
    expect(group.holds(child.pid ?? 0)).toBe(true)
    expect(group.holds(process.pid)).toBe(false)
    expect(createGroup().holds(child.pid ?? 0)).toBe(false)
  })

  it('kills a process that takes more memory than it may', async () => {
    const group = createGroup()
    const bomb = await startIn(group, 'const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))')
    expect(await exitOf(bomb)).toBe('SIGKILL')
    expect(group.peakBytes()).toBeGreaterThan(60 * MIB)
    expect(group.peakBytes()).toBeLessThanOrEqual(LIMITS.memoryBytes)
  })

  it('lets a process be that takes less', async () => {
    const modest = await startIn(createGroup(), 'Buffer.alloc(10e6, 1); process.exit(7)')
    expect(await exitOf(modest)).toBe('7')
  })

  it('stops a process that starts others without end', async () => {
    const script = `const { spawn } = require('node:child_process')
      let failed = 0
      const more = () => { const c = spawn('/bin/sleep', ['1']); c.on('error', () => failed++) }
      for (let i = 0; i < 64; i++) try { more() } catch { failed++ }
      setTimeout(() => process.stdout.write(String(failed), () => process.exit()), 500)`
    const child = await startIn(createGroup(), script)
    let text = ''
    child.stdout?.on('data', (bytes) => {
      text += bytes
    })
    await new Promise((done) => child.stdout?.once('close', done))
    expect(Number(text)).toBeGreaterThan(20)
  })

  it('counts CPU time and gives no more of it than its share', async () => {
    const group = createGroup()
    const child = await startIn(
      group,
      'const end = Date.now() + 1000; while (Date.now() < end); process.exit()',
    )
    await exitOf(child)
    expect(group.cpuUs()).toBeGreaterThan(100_000)
    expect(group.cpuUs()).toBeLessThan(750_000)
  })

  it('cannot be removed while it is in use, and leaves nothing behind', async () => {
    const group = createGroup()
    const child = await startIn(group, '')
    expect(group.remove()).toBe(false)
    child.kill('SIGKILL')
    await exitOf(child)
    await expect.poll(() => group.remove()).toBe(true)
    expect(ownGroups()).toEqual([])
  })

  it('clears away what a killed host has left', async () => {
    const script = `const { openCgroups } = await import(${JSON.stringify(
      new URL('../../../../harness/sandbox/isolation/cgroup.ts', import.meta.url).href,
    )})
      openCgroups().create(${JSON.stringify(LIMITS)})
      process.kill(process.pid, 'SIGKILL')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script])
    await exitOf(child)
    expect(ownGroups(child.pid)).not.toEqual([])
    openCgroups()
    expect(ownGroups(child.pid)).toEqual([])
  })

  function ownGroups(pid = process.pid): string[] {
    const sources = readCgroupSources()
    const found = sources === null ? null : findCgroupFolders(sources)
    return [...new Set(found?.folders.values())].flatMap((folder) =>
      readdirSync(folder).filter((name) => name.startsWith(`airlock-${pid}-`)),
    )
  }
})

/** A kernel with version 2, in ordinary files: a machine has one version only. */
function layOut(path: string, controllers: string) {
  const point = mkdtempSync(join(tmpdir(), 'cgroup2-'))
  const service = join(point, 'system.slice', 'shop.service')
  mkdirSync(join(service, 'main'), { recursive: true })
  writeFileSync(join(service, 'cgroup.controllers'), controllers)
  writeFileSync(join(service, 'cgroup.subtree_control'), '')
  const mounts = `30 24 0:26 / ${point} rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n`
  return { service, point, sources: { membership: `0::${path}\n`, mounts } }
}

describe('the place for control groups of version 2', () => {
  it('is beside the main part of a service', () => {
    const { service, point, sources } = layOut(
      '/system.slice/shop.service/main',
      'cpu memory pids\n',
    )
    const group = openCgroups(sources)?.create(LIMITS)
    const [name = ''] = readdirSync(service).filter((entry) => entry.startsWith('airlock-'))
    const read = (file: string): string => readFileSync(join(service, name, file), 'utf8')
    expect(read('memory.max')).toBe(String(LIMITS.memoryBytes))
    expect(read('pids.max')).toBe('32')
    expect(read('cpu.max')).toBe('50000 100000')
    expect(readFileSync(join(service, 'cgroup.subtree_control'), 'utf8')).toBe('+cpu +memory +pids')
    writeFileSync(join(service, name, 'cpu.stat'), 'usage_usec 1234\nuser_usec 1000\n')
    writeFileSync(join(service, name, 'memory.peak'), '4096\n')
    expect([group?.cpuUs(), group?.peakBytes()]).toEqual([1234, 4096])
    rmSync(point, { recursive: true })
  })

  const nowhere: Record<string, readonly [path: string, controllers: string]> = {
    'the service has not split itself': ['/system.slice/shop.service', 'cpu memory pids'],
    'this process is in the root of a container': ['/', 'cpu memory pids'],
    'memory cannot be limited': ['/system.slice/shop.service/main', 'cpu pids'],
    'the service lies outside of what is mounted': ['/../shop.service/main', 'memory pids'],
  }
  for (const [reason, [path, controllers]] of Object.entries(nowhere)) {
    it(`is nowhere when ${reason}`, () => {
      const { point, sources } = layOut(path, controllers)
      expect(openCgroups(sources)).toBeNull()
      rmSync(point, { recursive: true })
    })
  }

  it('is nowhere when there is no such kernel', () => {
    expect(openCgroups(null)).toBeNull()
    expect(openCgroups({ membership: '0::/a.service/main', mounts: '' })).toBeNull()
  })
})
