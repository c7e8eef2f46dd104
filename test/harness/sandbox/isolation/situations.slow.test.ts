import { spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { findProgram } from '../../../../harness/sandbox/isolation/driver.ts'
import type { IsolationFacts } from '../../../../harness/sandbox/isolation/isolation-level.ts'
import { canSelfSeal } from '../../../../harness/sandbox/isolation/node-permission.ts'
import { isRoot } from '../../../../harness/sandbox/isolation/probe.ts'
import { UNPRIVILEGED_ID } from '../../../../harness/sandbox/isolation/runtime-files.ts'
import { isOpenToOthers } from '../../../../harness/sandbox/isolation/stage.ts'
import { findUnshareTools } from '../../../../harness/sandbox/isolation/unshare.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const PROBE = fileURLToPath(new URL('probe-host.ts', import.meta.url))
const NODE = realpathSync(process.execPath)
const USER = { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID }

const hasBubblewrap = findProgram('bwrap') !== null
const hasUnshare = findUnshareTools() !== null
const mayBeReadByOthers = isOpenToOthers(dirname(PROBE)) && isOpenToOthers(dirname(NODE))

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function makeFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'situation-'))
  folders.push(folder)
  return folder
}

/** A folder to use as `PATH` with these programs in it. */
function pathWith(...programs: string[]): string {
  const folder = makeFolder()
  chmodSync(folder, 0o755)
  for (const name of programs) {
    const program = findProgram(name)
    if (program !== null) symlinkSync(program, join(folder, name))
  }
  return folder
}

interface Situation {
  readonly path?: string
  readonly user?: typeof USER
  readonly node?: string
  readonly probe?: string
  readonly temporary?: string
  /** What starts Node, with words that come before it. */
  readonly starter?: readonly string[]
  /** Called as soon as there is a process. */
  readonly onStart?: (pid: number) => void
}

/** What a host finds in a situation. */
async function probeIn(situation: Situation): Promise<IsolationFacts> {
  const { path = process.env['PATH'] ?? '', user, node = NODE, probe = PROBE } = situation
  const [command = '', ...args] = [...(situation.starter ?? []), node, probe]
  const child = spawn(command, args, {
    cwd: '/',
    env: { PATH: path, TMPDIR: situation.temporary ?? tmpdir() },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: 60_000,
    ...user,
  })
  const [text, words] = [child.stdout, child.stderr].map((stream) =>
    stream.setEncoding('utf8').reduce((all: string, part: string) => all + part, ''),
  )
  situation.onStart?.(child.pid ?? 0)
  child.stdin.on('error', () => {}).end('go\n')
  const status = await new Promise((resolve) => child.once('close', resolve))
  expect(`${status} ${await words}`).toBe('0 ')
  const { ending, isolation } = JSON.parse((await text) ?? '')
  expect(ending).toEqual({ kind: 'returned', value: 42 })
  return isolation
}

/** What a driver that seals itself on Node 26 and later is called, and reaches. */
function sealed(driver: string, level: IsolationFacts['level']) {
  return canSelfSeal() ? { driver: `${driver}+self-seal`, level: 'kernel' } : { driver, level }
}

const withoutTools = canSelfSeal()
  ? { driver: 'self-seal', level: 'kernel' }
  : { driver: 'process', level: 'process' }

describe.skipIf(process.platform !== 'linux')('what a host finds', () => {
  it.skipIf(!hasBubblewrap)('with bubblewrap is the level kernel', async () => {
    expect(await probeIn({})).toMatchObject(sealed('bwrap', 'kernel'))
  })

  it.skipIf(!hasUnshare)('without bubblewrap are the tools of util-linux', async () => {
    const path = pathWith('unshare', 'setpriv', 'prlimit', 'mount', 'sh')
    expect(await probeIn({ path })).toMatchObject(sealed('unshare', 'namespaced'))
  })

  it('without any tool is what Node can do by itself', async () => {
    expect(await probeIn({ path: pathWith() })).toMatchObject(withoutTools)
  })

  it('does not depend on a PATH that is not there', async () => {
    expect(await probeIn({ path: '' })).toMatchObject(withoutTools)
  })
})

describe.skipIf(process.platform !== 'linux' || !isRoot())('what root finds', () => {
  it('is another user for its children', async () => {
    expect((await probeIn({})).layers).toContain('uid-drop')
  })

  it('stays possible in a checkout that only root may enter', async () => {
    const closed = copyCheckout()
    chmodSync(closed, 0o700)
    const temporary = makeFolder()
    chmodSync(temporary, 0o755)
    const node = join(closed, 'bin', 'node')
    const probe = join(closed, 'probe', 'a', 'b', 'c', 'probe-host.ts')
    const tools = pathWith('unshare', 'setpriv', 'prlimit', 'mount', 'sh')
    if (hasBubblewrap) {
      expect(await probeIn({ node, probe, temporary })).toMatchObject(sealed('bwrap', 'kernel'))
    }
    if (hasUnshare) {
      expect(await probeIn({ node, probe, temporary, path: tools })).toMatchObject(
        sealed('unshare', 'namespaced'),
      )
    }
    const facts = await probeIn({ node, probe, temporary, path: pathWith() })
    expect(facts).toMatchObject(withoutTools)
    expect(facts.layers).toContain('uid-drop')
    expect(readdirSync(temporary)).toEqual([])
  })

  it.skipIf(!hasUnshare)('is said where there is nobody else to become', async () => {
    const facts = await probeIn({
      starter: [findProgram('unshare') ?? '', '--user', '--map-root-user'],
    })
    expect(facts.level).toBe('process')
    expect(facts.missing).toContainEqual({
      layer: 'uid-drop',
      remedy: 'Run the host as an ordinary user',
    })
  })
})

describe.skipIf(process.platform !== 'linux' || !isRoot() || !mayBeReadByOthers)(
  'what an unprivileged user finds',
  () => {
    it.skipIf(!hasBubblewrap)('with bubblewrap is the level kernel', async () => {
      expect(await probeIn({ user: USER })).toMatchObject(sealed('bwrap', 'kernel'))
    })

    it.skipIf(!hasUnshare)('without bubblewrap are the tools of util-linux', async () => {
      const path = pathWith('unshare', 'setpriv', 'prlimit', 'mount', 'sh')
      expect(await probeIn({ user: USER, path })).toMatchObject(sealed('unshare', 'namespaced'))
    })

    it('without any tool is what Node can do by itself', async () => {
      expect(await probeIn({ user: USER, path: pathWith() })).toMatchObject(withoutTools)
    })

    it.skipIf(!hasUnshare)('where user namespaces are forbidden needs none', async () => {
      // The limit is set inside of a user namespace of its own and holds nowhere else. The shell is
      // started anew when it is root there, because it has the rights of root only then.
      const forbid = `echo 0 >/proc/sys/user/max_user_namespaces || exit 9
        exec setpriv --reuid ${USER.uid} --regid ${USER.gid} --clear-groups "$@"`
      const wait = 'read -r go; exec sh -c "$0" sh "$@"'
      const facts = await probeIn({
        starter: [findProgram('unshare') ?? '', '--user', 'sh', '-c', wait, forbid],
        onStart: (pid) => mapAllUsers(pid),
      })
      expect(facts).toMatchObject(withoutTools)
      expect(facts.missing.map(({ layer }) => layer)).toContain('namespaces')
    })
  },
)

/** Gives a process that has just made its user namespace all users of this one. */
function mapAllUsers(pid: number): void {
  const deadline = performance.now() + 5_000
  const own = readNamespace('self')
  while (readNamespace(String(pid)) === own && performance.now() < deadline);
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${map}`, '0 0 65536\n')
}

function readNamespace(process: string): number {
  return statSync(`/proc/${process}/ns/user`).ino
}

/** The harness, what it needs, and a Node, in a folder of their own. */
function copyCheckout(): string {
  const folder = makeFolder()
  const probeFolder = join(folder, 'probe', 'a', 'b', 'c')
  mkdirSync(probeFolder, { recursive: true })
  // The probe names the harness by its way from there: four folders up.
  copyFileSync(PROBE, join(probeFolder, 'probe-host.ts'))
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'))
  cpSync(join(ROOT, 'harness'), join(folder, 'harness'), { recursive: true })
  const engine = join('node_modules', 'quickjs-wasi')
  cpSync(realpathSync(join(ROOT, engine)), join(folder, engine), { recursive: true })
  mkdirSync(join(folder, 'bin'))
  try {
    linkSync(NODE, join(folder, 'bin', 'node'))
  } catch {
    copyFileSync(NODE, join(folder, 'bin', 'node'))
  }
  return folder
}
