import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { roomRules, rooms } from './room-rules.ts'
import { root } from './source-files.ts'

// The lint rule and the room table are written down twice; both judge the same made-up files here.
const sources: Record<string, readonly [path: string, source: string, isDenied: boolean]> = {
  'harness-enters-runtime': ['harness/a', `import '../runtime/index.ts'`, true],
  'harness-enters-src-dynamically': ['harness/x/a', `await import('../../src/index.ts')`, true],
  'runtime-enters-src': ['runtime/a', `import type { A } from '../src/index.ts'`, true],
  'runtime-passes-the-door': ['runtime/a', `import '../harness/program.ts'`, true],
  'runtime-enters-by-the-door': ['runtime/x/a', `import '../../harness/index.ts'`, false],
  'src-passes-the-door': ['src/http/a', `export { a } from '../../runtime/intent/a.ts'`, true],
  'src-enters-by-the-doors': ['src/a', `import '../runtime/index.ts'`, false],
  'an-unlisted-package': ['src/a', `import 'left-pad'`, true],
  'an-unlisted-scope': ['harness/a', `import '@other/parser'`, true],
  'a-file-of-the-same-room': ['harness/policy/a', `import '../errors.ts'`, false],
  'a-built-in-module': ['harness/a', `import { join } from 'node:path'`, false],
  ...Object.fromEntries(rooms.flatMap(listedPackages)),
}

function listedPackages(room: (typeof rooms)[number]) {
  return rooms.flatMap((other) =>
    roomRules[other].packages.map((listed) => {
      const name = listed.replace('*', 'x')
      const isDenied = !roomRules[room].packages.includes(listed)
      const title = `${room}-uses-${name.replace(/[@/]/g, '-')}`
      return [title, [`${room}/a`, `import '${name}'`, isDenied]] as const
    }),
  )
}

let folder: string
let deniedFiles: ReadonlySet<string>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'airlock-lint-'))
  for (const file of ['biome.json', '.gitignore', 'package.json']) {
    cpSync(join(root, file), join(folder, file))
  }
  for (const [title, [path, source]] of Object.entries(sources)) {
    const file = join(folder, `${path}-${title}.ts`)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, source)
  }
  deniedFiles = await lint(folder)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function lint(cwd: string): Promise<ReadonlySet<string>> {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome')
  const options = ['--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none']
  return new Promise((resolve) => {
    execFile(process.execPath, [biome, 'lint', ...options], { cwd }, (_error, stdout) => {
      const report = JSON.parse(stdout) as {
        readonly diagnostics: readonly { readonly location: { readonly path: string } }[]
      }
      resolve(new Set(report.diagnostics.map((diagnostic) => diagnostic.location.path)))
    })
  })
}

describe('lint rule for the rooms', () => {
  for (const [title, [path, , isDenied]] of Object.entries(sources)) {
    it(`${isDenied ? 'denies' : 'allows'} ${title}`, () => {
      expect(deniedFiles.has(`${path}-${title}.ts`)).toBe(isDenied)
    })
  }
})
