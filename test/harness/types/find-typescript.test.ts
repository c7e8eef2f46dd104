import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { findTypeScript, TYPESCRIPT_MAJOR } from '../../../harness/types/find-typescript.ts'

const root = mkdtempSync(join(tmpdir(), 'find-typescript-'))
afterAll(() => rmSync(root, { recursive: true }))

/** A place beside which a package `typescript` of this version is installed, or none. */
function placeWith(name: string, version: string | null): string {
  const folder = join(root, name, 'node_modules', 'typescript')
  mkdirSync(folder, { recursive: true })
  if (version !== null) writeFileSync(join(folder, 'package.json'), JSON.stringify({ version }))
  return pathToFileURL(join(root, name, 'index.js')).href
}

describe('findTypeScript', () => {
  it('finds the compiler that is installed beside the package', () => {
    const found = findTypeScript()
    expect(found).toMatchObject({ isFound: true })
    expect(found.isFound && Number.parseInt(found.version, 10)).toBe(TYPESCRIPT_MAJOR)
  })

  const missing: Record<string, [version: string | null, reason: RegExp]> = {
    'there is none': [null, /not installed/],
    'it is of another major version': ['6.0.3', /6\.0\.3 is installed, and 7 is needed/],
    'it has no compiler for this platform': ['7.0.2', /no compiler for this platform/],
  }
  for (const [name, [version, reason]] of Object.entries(missing)) {
    it(`says so when ${name}`, () => {
      const found = findTypeScript(placeWith(String(version), version))
      expect(found).toEqual({ isFound: false, reason: expect.stringMatching(reason) })
    })
  }
})
