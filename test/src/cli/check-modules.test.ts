import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../harness/index.ts'
import { loadPolicies, loadTools } from '../../../src/cli/check-modules.ts'
import { writeFiles } from './checked-modules.ts'

const { folder, remove } = writeFiles()
afterAll(remove)
const path = (name: string) => join(folder, name)
const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name)

describe('loadTools', () => {
  it('takes a record', async () => {
    expect(names(await loadTools(path('tools.mjs')))).toEqual(['sql', 'refund'])
  })

  it('takes the default export', async () => {
    expect(names(await loadTools(path('default.mjs')))).toEqual(['sql'])
  })

  it('takes each tool by itself', async () => {
    const found = names(await loadTools(path('one-by-one.mjs')))
    expect(found.toSorted()).toEqual(['refund', 'sql'])
  })

  const refused: Record<string, RegExp> = {
    'twice.mjs': /two tools named sql/,
    'no-tool.mjs': /Entry 1 of the tools .* is not a tool/,
    'nothing.mjs': /exports no tools/,
    'broken.mjs': /cannot be loaded: broken on purpose/,
    'absent.mjs': /cannot be loaded/,
  }
  for (const [name, message] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      const loading = loadTools(path(name))
      await expect(loading).rejects.toThrow(ConfigurationError)
      await expect(loading).rejects.toThrow(message)
    })
  }
})

describe('loadPolicies', () => {
  it('takes an array', async () => {
    const policies = await loadPolicies(path('policies.mjs'))
    expect(names(policies)).toEqual(['DataPolicy', 'CodePolicy'])
    await Promise.all(policies.map((policy) => policy.close?.()))
  })

  it('refuses a module without any', async () => {
    await expect(loadPolicies(path('nothing.mjs'))).rejects.toThrow(/exports no policies/)
  })
})
