import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { root } from '../conventions/source-files.ts'

const MAIN = `
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => { console.log('got ' + signal); process.exit(5) })
}
const [task, value] = process.argv.slice(2)
if (task === 'exit') process.exit(Number(value))
if (task === 'kill') process.kill(process.pid, 'SIGKILL')
if (task === 'show') console.log(JSON.stringify({ execPath: process.execPath, path: process.env.PATH, value }))
if (task === 'wait') { console.log('up'); setInterval(() => {}, 1_000) }
`

let project: string

/** A project without dependencies, complete as setup sees it, in a folder with a space in its name. */
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'airlock setup '))
  cpSync(join(root, 'scripts'), join(project, 'scripts'), { recursive: true })
  mkdirSync(join(project, 'examples/shop'), { recursive: true })
  mkdirSync(join(project, 'node_modules/.bin'), { recursive: true })
  writeFileSync(join(project, 'examples/shop/main.ts'), MAIN)
  writeJson('package.json', { type: 'module', devDependencies: { node: '26.10.0' } })
  writeLock({})
  symlinkSync(process.execPath, join(project, 'node_modules/.bin/node'))
})
afterEach(() => rmSync(project, { recursive: true, force: true }))

function writeJson(path: string, value: unknown): void {
  writeFileSync(join(project, path), JSON.stringify(value))
}

function writeLock(packages: Readonly<Record<string, unknown>>, installed = packages): void {
  const manifest = { devDependencies: { node: '26.10.0' } }
  writeJson('package-lock.json', { packages: { '': manifest, ...packages } })
  writeJson('node_modules/.package-lock.json', { packages: installed })
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(project, 'scripts/setup.mjs'), ...args], {
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    // No registry answers there: whatever wants to install something fails at once.
    env: {
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
      HOME: project,
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_fetch_retries: '0',
      npm_config_cache: join(project, 'cache'),
    },
  })
}

async function run(...args: string[]): Promise<{ exitCode: number; out: string; err: string }> {
  const child = start(args)
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk) => {
    out += chunk
  })
  child.stderr?.on('data', (chunk) => {
    err += chunk
  })
  const [exitCode] = (await once(child, 'close')) as [number]
  return { exitCode, out, err }
}

describe('setup with everything in place', () => {
  it('hands over to the bundled Node, which is first on the path, and says nothing', async () => {
    const { exitCode, out, err } = await run('start', 'show', 'with space')
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' })
    const shown = JSON.parse(out) as { path: string; value: string }
    expect(shown.path.split(delimiter)[0]).toBe(join(project, 'node_modules/.bin'))
    expect(shown.value).toBe('with space')
  })

  it('passes the exit code on', async () => {
    expect(await run('start', 'exit', '7')).toMatchObject({ exitCode: 7, err: '' })
  })

  it('answers 128 plus the signal that ended the program', async () => {
    expect(await run('start', 'kill')).toMatchObject({ exitCode: 137, err: '' })
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`passes ${signal} on and waits for the end`, async () => {
      const child = start(['start', 'wait'])
      await once(child.stdout as NodeJS.ReadableStream, 'data')
      child.kill(signal)
      const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer]
      expect(chunk.toString()).toBe(`got ${signal}\n`)
      expect(await once(child, 'close')).toEqual([5, null])
    })
  }

  it('does without an optional package that belongs to another platform', async () => {
    writeLock({ 'node_modules/other-os': { version: '1.0.0', optional: true } }, {})
    expect(await run('start', 'exit', '0')).toMatchObject({ exitCode: 0, err: '' })
  })
})

describe('setup with something missing', () => {
  const breakages: Record<string, () => void> = {
    'nothing is installed': () => rmSync(join(project, 'node_modules'), { recursive: true }),
    'an installation was interrupted': () =>
      rmSync(join(project, 'node_modules/.package-lock.json')),
    'a package is missing': () => writeLock({ 'node_modules/a': { version: '1.0.0' } }),
    'a package is of another version': () => {
      writeLock({ 'node_modules/a': { version: '1.0.0' } })
      mkdirSync(join(project, 'node_modules/a'))
      writeJson('node_modules/a/package.json', { version: '1.0.1' })
    },
    'the binary of Node was never fetched': () => rmSync(join(project, 'node_modules/.bin/node')),
  }

  for (const [name, damage] of Object.entries(breakages)) {
    it(`installs when ${name}, and says plainly that it cannot`, async () => {
      damage()
      const { exitCode, out, err } = await run('start', 'show')
      expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' })
      expect(err.trim().split('\n').at(-1)).toMatch(
        /^setup: The package registry cannot be reached/,
      )
      expect(err).not.toMatch(/^\s+at /m)
    })
  }

  it('takes the Node of the machine when the bundled one does not start', async () => {
    const bundled = join(project, 'node_modules/.bin/node')
    rmSync(bundled)
    writeFileSync(bundled, '#!/bin/sh\necho "node: cannot load libatomic.so.1" >&2\nexit 127\n', {
      mode: 0o755,
    })
    const { exitCode, out, err } = await run('start', 'show')
    expect(exitCode).toBe(0)
    expect(err).toMatch(/does not start here \(cannot load libatomic\.so\.1\)/)
    expect(JSON.parse(out)).toMatchObject({ execPath: process.execPath })
  })

  it('refuses a lock file that does not belong to the manifest', async () => {
    writeJson('package.json', { dependencies: { a: '1.0.0' } })
    const { exitCode, err } = await run('start', 'show')
    expect(exitCode).toBe(1)
    expect(err).toMatch(/^setup: package\.json and package-lock\.json list different dependencies/)
  })

  it('names the commands when it does not know one', async () => {
    const { exitCode, err } = await run('constructor')
    expect(exitCode).toBe(1)
    expect(err).toMatch(/^setup: Usage: /)
  })
})
