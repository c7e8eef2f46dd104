import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { openCgroups } from '../../../harness/sandbox/isolation/cgroup.ts'
import {
  findCgroupFolders,
  readCgroupSources,
} from '../../../harness/sandbox/isolation/cgroup-folders.ts'
import type { CgroupOptions } from '../../../harness/sandbox/isolation/cgroup-options.ts'
import { ProcessSandbox, type SandboxEngine } from '../../../harness/sandbox/process-sandbox.ts'
import { runBody } from './run-in-sandbox.ts'

const open: ProcessSandbox[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((sandbox) => sandbox.close()))
})

function sandboxIn(cgroup: CgroupOptions, engine: SandboxEngine = 'quickjs'): ProcessSandbox {
  const isolation = { minimum: 'best', cgroup } as const
  const sandbox = new ProcessSandbox({ engine, isolation, pool: { min: 1, max: 2 } })
  open.push(sandbox)
  return sandbox
}

/** The groups of this process that are there now. */
function groups(): string[] {
  const sources = readCgroupSources()
  const found = sources === null ? null : findCgroupFolders(sources)
  const names = [...(found?.folders.values() ?? [])].flatMap((folder) => readdirSync(folder))
  return names.filter((name) => name.startsWith(`airlock-${process.pid}-`))
}

describe('the option isolation.cgroup', () => {
  const wrong: Record<string, object> = {
    'too little memory': { memoryMb: 64 },
    'no room for the threads of Node': { maxTasks: 4 },
    'no processor': { maxCpus: 0 },
    'an unknown name': { memory: 1 },
  }
  for (const [name, options] of Object.entries(wrong)) {
    it(`is refused with ${name}`, () => {
      expect(() => sandboxIn(options)).toThrow(/isolation\.cgroup/)
    })
  }

  it.skipIf(openCgroups() !== null)('runs nothing where no group can be made', async () => {
    await expect(runBody(sandboxIn({}), 'return 1')).rejects.toMatchObject({
      code: 'ERR_ISOLATION_UNAVAILABLE',
    })
  })

  describe.skipIf(openCgroups() === null)('where groups can be made', () => {
    for (const engine of ['quickjs', 'v8'] as const) {
      it(`puts each process of ${engine} in a group, says so, and takes it away`, async () => {
        const sandbox = sandboxIn({}, engine)
        const { ending, isolation } = await runBody(sandbox, 'return 6 * 7')
        expect(ending).toMatchObject({ kind: 'returned', value: 42 })
        expect(isolation.layers).toContain('cgroup')
        expect(groups()).not.toEqual([])
        await sandbox.close()
        await expect.poll(groups, { timeout: 5_000 }).toEqual([])
      })
    }

    it('says nothing of groups without it', async () => {
      const sandbox = new ProcessSandbox({ isolation: { minimum: 'best' }, pool: { min: 1 } })
      open.push(sandbox)
      expect((await sandbox.probe()).layers).not.toContain('cgroup')
    })

    it('lets the kernel end a process that is over its memory, and the next program runs', async () => {
      const sandbox = sandboxIn({ memoryMb: 160 }, 'v8')
      const bomb = 'const kept = []; for (;;) kept.push(new Uint8Array(1e7).fill(1))'
      const { ending } = await runBody(sandbox, bomb, { limits: { memoryMb: 1_000 } })
      expect(ending.kind).not.toBe('returned')
      const next = await runBody(sandbox, 'return 1')
      expect(next.ending).toMatchObject({ kind: 'returned', value: 1 })
    })
  })
})
