import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { moduleReferences } from '../conventions/module-references.ts'
import { root } from '../conventions/source-files.ts'
import { consumerProgram, consumerTypes } from './consumer-sources.ts'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly name: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, unknown>>
  readonly devDependencies: Readonly<Record<string, string>>
}
// Quieter than the defaults, and from the cache where it can be.
const NPM = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts']

let folder: string
let consumer: string
let installed: string

/** Builds into a folder of its own, packs that, and installs the tarball the way a user would. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'airlock consumer '))
  const staged = join(folder, 'staged')
  consumer = join(folder, 'consumer')
  installed = join(consumer, 'node_modules', manifest.name)
  mkdirSync(staged)
  mkdirSync(consumer)
  for (const file of ['package.json', 'README.md', 'LICENSE']) {
    if (existsSync(join(root, file))) copyFileSync(join(root, file), join(staged, file))
  }
  run(process.execPath, [join(root, 'scripts/build.mjs'), join(staged, 'dist')], root)
  run('npm', ['pack', ...NPM, '--pack-destination', folder], staged)
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module", "private": true }')
  const tools = ['typescript', '@types/node'].map(
    (name) => `${name}@${manifest.devDependencies[name]}`,
  )
  run('npm', ['install', ...NPM, join(folder, String(tarball)), ...tools], consumer)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function run(command: string, args: readonly string[], cwd: string): void {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (result.status === 0) return
  throw new Error(`${[command, ...args].join(' ')}\n${result.stdout}\n${result.stderr}`)
}

function files(): string[] {
  return readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1))
    .filter((path) => !path.startsWith('node_modules'))
}

describe('packed package', () => {
  it('runs a program in a child process from the built files', () => {
    writeFileSync(join(consumer, 'program.js'), consumerProgram)
    const output = execFileSync(process.execPath, ['program.js'], {
      cwd: consumer,
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect(JSON.parse(output)).toMatchObject({
      good: {
        status: 'completed',
        result: { sum: 3650, name: 'Ada' },
        toolCalls: [{ name: 'orders', outcome: 'value' }],
      },
      bad: { status: 'denied', error: { code: 'ERR_POLICY_VIOLATION' } },
    })
  })

  it('type-checks in a strict project that checks declarations too', () => {
    writeFileSync(join(consumer, 'types.ts'), consumerTypes)
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      types: ['node'],
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
    }
    writeFileSync(
      join(consumer, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['types.ts'] }),
    )
    const check = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.'], {
      cwd: consumer,
      encoding: 'utf8',
    })
    expect(check.stdout).toBe('')
    expect(check.status).toBe(0)
  })

  it('opens every door and no other file', () => {
    const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json')
    const imports = doors.map((door) => `await import('${manifest.name}${door.slice(1)}')`)
    const deep = `await import('${manifest.name}/dist/harness/program.js').catch((e) => e.code)`
    const script = `${imports.join('\n')}\nprocess.stdout.write(String(${deep}))`
    const result = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: consumer,
      encoding: 'utf8',
    })
    expect(result.stderr).toBe('')
    expect(result.stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  it('holds the command', () => {
    for (const path of Object.values(manifest.bin)) {
      expect(readFileSync(join(installed, path), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    }
  })

  it('holds every file that the code reaches by a path, child entries among them', () => {
    const paths = files().filter((path) => path.endsWith('.js'))
    const reached = paths.flatMap((path) =>
      moduleReferences(readFileSync(join(installed, path), 'utf8'))
        .filter(({ kind, specifier }) => kind === 'url' && specifier?.startsWith('.'))
        .map(({ specifier }) => ({ from: path, to: reachedFile(path, String(specifier)) })),
    )
    expect(reached.length).toBeGreaterThan(0)
    expect(reached.filter(({ to }) => !existsSync(join(installed, to)))).toEqual([])
  })

  it('holds nothing but the build, its manifest and its papers', () => {
    const extra = files().filter(
      (path) => !/^dist\//.test(path) && !/^(package\.json|README\.md|LICENSE)$/.test(path),
    )
    expect(extra).toEqual([])
    expect(files().filter((path) => /(?<!\.d)\.ts$|\.test\.|\.map$/.test(path))).toEqual([])
  })
})

/** An ending that is computed from the own file's is `.js` in the build. */
function reachedFile(from: string, specifier: string): string {
  const path = join(dirname(from), specifier)
  return /\.\w+$|\/$/.test(specifier) ? path : `${path}.js`
}
