import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { moduleReferences } from './module-references.ts'
import { computedImports, roomBreaches, rooms } from './room-rules.ts'
import { filesBelow, root } from './source-files.ts'

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
  string,
  Record<string, string> | undefined
>
const installed = {
  shipped: new Set([
    ...Object.keys(manifest['dependencies'] ?? {}),
    ...Object.keys(manifest['peerDependencies'] ?? {}),
    ...Object.keys(manifest['optionalDependencies'] ?? {}),
  ]),
}
const assumed = { shipped: new Set(['@babel/parser', 'ajv', 'hono', 'jose', 'redis', 'zod']) }

const denied = {
  'harness that imports the runtime door': ['harness/a.ts', `import '../runtime/index.ts'`],
  'harness that imports a file of src': ['harness/policy/a.ts', `import '../../src/errors.ts'`],
  'a type taken from a room above': ['harness/a.ts', `import type { A } from '../src/index.ts'`],
  'a type import inside a type': ['harness/a.ts', `type A = import('../src/index.ts').A`],
  'a re-export from a room above': ['runtime/a.ts', `export { a } from '../src/index.ts'`],
  'a star re-export from a room above': ['runtime/a.ts', `export * from '../src/index.ts'`],
  'a dynamic import of a room above': ['harness/a.ts', `await import('../src/index.ts')`],
  'a dynamic import in a template': ['harness/a.ts', 'await import(`../src/index.ts`)'],
  'a dynamic import of a computed name': ['src/a.ts', 'await import(name)'],
  'an import-equals declaration': ['harness/a.ts', `import a = require('../src/a.ts')`],
  'a require call': ['harness/a.ts', `const a = require('../src/a.ts')`],
  'a resolve call': ['harness/a.ts', `import.meta.resolve('../src/a.ts')`],
  'a child entry in a room above': ['harness/a.ts', `new URL('../src/a.ts', import.meta.url)`],
  'a child entry whose ending is computed': [
    'runtime/a.ts',
    'new URL(`../harness/sandbox/child${ending}`, import.meta.url)',
  ],
  'a deep file of a room below': ['src/http/a.ts', `import '../../harness/program.ts'`],
  'a detour to a deep file': ['src/http/a.ts', `import '../../harness/x/../program.ts'`],
  'a nested index that is not the door': ['src/a.ts', `import '../harness/policy/index.ts'`],
  'the door of its own room': ['runtime/llm/a.ts', `import '../index.ts'`],
  'a file outside the rooms': ['src/a.ts', `import '../test/support/a.ts'`],
  'a package listed for another room': ['harness/a.ts', `import { Hono } from 'hono'`],
  'a type of a package listed elsewhere': ['src/a.ts', `import type { A } from '@babel/parser'`],
  'a subpath of a package listed elsewhere': ['harness/a.ts', `import 'hono/cors'`],
  'a package that begins like a listed one': ['src/a.ts', `import 'hono-extras'`],
  'a scope that begins like a listed one': ['harness/a.ts', `import '@babel/parser-extras'`],
  'a package listed nowhere': ['src/a.ts', `import 'left-pad'`],
  'a listed package that is not installed with ours': ['src/a.ts', `import 'pino'`],
  'a built-in module without its prefix': ['harness/a.ts', `import 'fs'`],
  'an absolute path': ['src/a.ts', `import '/etc/a.js'`],
  'a data url': ['src/a.ts', `import 'data:text/javascript,0'`],
} as const

const allowed = {
  'a file of the same room': ['harness/policy/a.ts', `import '../errors.ts'`],
  'a file with the name of another room': ['src/a.ts', `import './harness/a.ts'`],
  'the door of the room below': ['runtime/llm/a.ts', `import '../../harness/index.ts'`],
  'both doors from the public face': [
    'src/http/a.ts',
    `import '../../runtime/index.ts'; import type { A } from '../../harness/index.ts'`,
  ],
  'a child entry of its own room': ['harness/a/b.ts', 'new URL(`./c${e}`, import.meta.url)'],
  'files of the console': ['src/console/a.ts', `new URL('../../console/', import.meta.url)`],
  'a package of the room': ['harness/a.ts', `import { parse } from '@babel/parser'`],
  'a subpath of a package of the room': ['runtime/a.ts', `import 'ajv/dist/2020.js'`],
  'an optional package loaded when needed': ['src/a.ts', `await import('redis')`],
  'a type of a package that is not shipped': ['src/a.ts', `import type { Pool } from 'pg'`],
  'any package of a listed scope': ['src/a.ts', `import type { A } from '@modelcontextprotocol/x'`],
  'a built-in module': ['harness/a.ts', `import { join } from 'node:path'`],
  'the words inside a string': ['harness/a.ts', `const a = "import '../src/index.ts'"`],
} as const

describe('room rules', () => {
  for (const [name, [path, source]] of Object.entries(denied)) {
    it(`denies ${name}`, () => {
      expect(roomBreaches(path, source, assumed)).toHaveLength(1)
    })
  }

  for (const [name, [path, source]] of Object.entries(allowed)) {
    it(`allows ${name}`, () => {
      expect(roomBreaches(path, source, assumed)).toEqual([])
    })
  }
})

describe.each(rooms)('%s', (room) => {
  const files = filesBelow(room).filter((path) => path.endsWith('.ts'))

  it('imports only what the house allows', () => {
    expect(files.length).toBeGreaterThan(0)
    const breaches = files.flatMap((path) =>
      roomBreaches(path, readFileSync(join(root, path), 'utf8'), installed),
    )
    expect(breaches).toEqual([])
  })
})

describe('exceptions for computed imports', () => {
  it.each(Object.keys(computedImports))('%s still needs its own', (path) => {
    const references = moduleReferences(readFileSync(join(root, path), 'utf8'))
    expect(references.filter(({ specifier }) => specifier === null)).toHaveLength(1)
  })
})
