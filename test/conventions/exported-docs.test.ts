import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { undocumentedExports } from './documented-exports.ts'
import { root } from './source-files.ts'

const doors = ['src/index.ts', 'runtime/index.ts', 'harness/index.ts', 'src/testing/index.ts']

function readSource(path: string): string | null {
  const file = join(root, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

describe.each(doors)('%s', (door) => {
  it('exports documented symbols only', () => {
    expect(undocumentedExports(door, readSource)).toEqual([])
  })

  it('opens with a module comment', () => {
    expect(readSource(door)).toMatch(/^\/\*\*(?:(?!\*\/)[\s\S])*@module/)
  })
})

const undocumented: Record<string, Record<string, string>> = {
  'a function': { 'index.ts': 'export function a() {}' },
  'a constant under a line comment': { 'index.ts': '// A thing.\nexport const a = 1' },
  'an interface under a plain block': { 'index.ts': '/* A thing. */\nexport interface a {}' },
  'an empty block': { 'index.ts': '/** */\nexport type a = 1' },
  'a re-exported class': {
    'index.ts': `/** Doors do not count. */\nexport { a } from './b.ts'`,
    'b.ts': 'export class a {}',
  },
  'a renamed re-export': { 'index.ts': `export { b as a } from './b.ts'`, 'b.ts': 'export let b' },
  'a star re-export': { 'index.ts': `export * from './b.ts'`, 'b.ts': 'export const a = 1' },
  'a type re-exported twice': {
    'index.ts': `export type { a } from './b.ts'`,
    'b.ts': `export type { a } from './c/d.ts'`,
    'c/d.ts': 'export type a = 1',
  },
  'an import that is exported': {
    'index.ts': `import { b } from './b.ts'\nexport { b as a }`,
    'b.ts': 'export const b = 1',
  },
  'a symbol that nobody declares': { 'index.ts': `export { a } from './b.ts'`, 'b.ts': '' },
  'a file that does not exist': { 'index.ts': `export { a } from './b.ts'` },
}

const documented: Record<string, Record<string, string>> = {
  'a function': { 'index.ts': '/** Does a thing. */\nexport function a() {}' },
  'a declaration under further comments': {
    'index.ts': '/** Does a thing. */\n// Why it is so.\nexport const a = 1',
  },
  'a re-export of a documented class': {
    'index.ts': `export { a } from './b.ts'`,
    'b.ts': '/** Does a thing. */\nexport class a {}',
  },
  'a list of local names': { 'index.ts': '/** Does a thing. */\nconst a = 1\nexport { a }' },
}

describe('documentation check', () => {
  for (const [name, files] of Object.entries(undocumented)) {
    it(`denies ${name}`, () => {
      expect(undocumentedExports('index.ts', (path) => files[path] ?? null)).toHaveLength(1)
    })
  }

  for (const [name, files] of Object.entries(documented)) {
    it(`allows ${name}`, () => {
      expect(undocumentedExports('index.ts', (path) => files[path] ?? null)).toEqual([])
    })
  }
})
