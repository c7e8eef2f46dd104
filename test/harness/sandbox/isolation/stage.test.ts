import { spawnSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  copyInto,
  makeStage,
  removeStaleStages,
} from '../../../../harness/sandbox/isolation/stage.ts'

const MODULE = new URL('../../../../harness/sandbox/isolation/stage.ts', import.meta.url).href
const own = process.env['TMPDIR']
let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stage-test-'))
  process.env['TMPDIR'] = folder
})
afterEach(() => {
  if (own === undefined) delete process.env['TMPDIR']
  else process.env['TMPDIR'] = own
  rmSync(folder, { recursive: true, force: true })
})

/** Lets another process make a folder and die as `ending` says; answers its path. */
function stageOfOther(ending: string): string {
  const script = `const { makeStage } = await import(${JSON.stringify(MODULE)})
    process.stdout.write(makeStage(false)); ${ending}`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  return stdout
}

describe.skipIf(process.platform !== 'linux')('folders of hosts that were killed', () => {
  it('are removed with all they hold', () => {
    const stage = stageOfOther("process.kill(process.pid, 'SIGKILL')")
    mkdirSync(join(stage, 'deep', 'er'), { recursive: true })
    writeFileSync(join(stage, 'deep', 'er', 'file'), '')
    expect(existsSync(stage)).toBe(true)
    removeStaleStages()
    expect(existsSync(stage)).toBe(false)
  })

  it('stay while their owner lives', () => {
    const stage = makeStage(false)
    removeStaleStages()
    expect(existsSync(stage)).toBe(true)
  })

  it('are known as dead when another process has the number by now', () => {
    const stage = join(folder, basename(makeStage(false)).replace(/-\d+-(\w{6})$/, '-1-$1'))
    mkdirSync(stage)
    removeStaleStages()
    expect(existsSync(stage)).toBe(false)
  })

  const foreign: Record<string, (name: string) => string> = {
    'another machine or an earlier boot': (name) => name.replace(/-[0-9a-f]{8}-/, '-0badb007-'),
    'a container with processes of its own': (name) => name.replace(/-\d{6,}-/, '-123-'),
    'nobody we know': (name) => name.replace('airlock-', 'airlock-x'),
  }
  for (const [whose, rename] of Object.entries(foreign)) {
    it(`stay when they are of ${whose}`, () => {
      const dead = basename(stageOfOther("process.kill(process.pid, 'SIGKILL')"))
      const stage = join(folder, rename(dead))
      expect(basename(stage)).not.toBe(dead)
      mkdirSync(stage)
      removeStaleStages()
      expect(existsSync(stage)).toBe(true)
    })
  }

  it('are not followed out of the temporary directory', () => {
    const precious = join(folder, 'precious')
    mkdirSync(precious)
    writeFileSync(join(precious, 'file'), 'kept')
    const dead = stageOfOther("process.kill(process.pid, 'SIGKILL')")
    rmSync(dead, { recursive: true })
    symlinkSync(precious, dead)
    const other = stageOfOther("process.kill(process.pid, 'SIGKILL')")
    symlinkSync(precious, join(other, 'link'))
    removeStaleStages()
    expect(readFileSync(join(precious, 'file'), 'utf8')).toBe('kept')
    expect(existsSync(other)).toBe(false)
  })
})

describe('a folder for files of sandbox processes', () => {
  it('can be entered by others only when they have to', () => {
    const modeOf = (path: string): number => lstatSync(path).mode & 0o777
    expect(modeOf(makeStage(false))).toBe(0o700)
    const shared = makeStage(true)
    expect(modeOf(shared)).toBe(0o755)
    rmSync(shared, { recursive: true })
  })

  it.skipIf(process.platform === 'win32')(
    'lies elsewhere when others may not enter the temporary directory',
    () => {
      // mkdtemp makes a folder for its owner alone.
      const shared = makeStage(true)
      expect(shared.startsWith(folder)).toBe(false)
      expect(makeStage(false).startsWith(folder)).toBe(true)
      rmSync(shared, { recursive: true })
    },
  )

  it('takes copies of trees, each to the place it has below the root', () => {
    const source = join(folder, 'source')
    mkdirSync(join(source, 'deep'), { recursive: true })
    writeFileSync(join(source, 'deep', 'file'), 'text', { mode: 0o600 })
    const stage = makeStage(false)
    copyInto(stage, [[source, source]])
    const copy = join(stage, source, 'deep', 'file')
    expect(readFileSync(copy, 'utf8')).toBe('text')
    expect(lstatSync(copy).mode & 0o777).toBe(0o644)
  })
})

describe('a root directory for a process', () => {
  it('holds what it is told to and nothing else', () => {
    const source = join(folder, 'source')
    mkdirSync(source)
    writeFileSync(join(source, 'library'), 'code', { mode: 0o755 })
    writeFileSync(join(source, 'secret'), 'mine', { mode: 0o600 })
    const root = makeStage(false)
    copyInto(root, [
      ['/lib/name.so', join(source, 'library')],
      ['/app', source],
      ['/bin/node', null],
    ])
    expect(readdirSync(root).sort()).toEqual(['app', 'bin', 'lib'])
    expect(readFileSync(join(root, 'lib', 'name.so'), 'utf8')).toBe('code')
    expect(readFileSync(join(root, 'bin', 'node'), 'utf8')).toBe('')
    expect(readdirSync(join(root, 'app')).sort()).toEqual(['library', 'secret'])
    expect(lstatSync(join(source, 'secret')).mode & 0o777).toBe(0o600)
  })
})
