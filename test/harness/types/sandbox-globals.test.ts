import { afterAll, describe, expect, it } from 'vitest'
import { ALLOWED_GLOBALS } from '../../../harness/analysis/global-names.ts'
import { findTypeScript } from '../../../harness/types/find-typescript.ts'
import { declareToolTypes } from '../../../harness/types/tool-types.ts'
import { TypeScriptProcess } from '../../../harness/types/typescript-process.ts'

const installation = findTypeScript()
if (!installation.isFound) throw new Error(installation.reason)
const compiler = new TypeScriptProcess({ installation, memoryMb: 256 })
afterAll(() => compiler.close())

async function unknownNames(names: Iterable<string>): Promise<readonly string[]> {
  const program = `function program() {\n${[...names].map((name) => `void ${name}`).join('\n')}\n}`
  const texts = { program, declarations: declareToolTypes([]).text }
  const limits = { deadlineMs: 10_000, signal: new AbortController().signal }
  const diagnostics = await compiler.diagnose(texts, limits)
  return diagnostics.map(({ start, end }) => program.slice(start, end))
}

describe('the names that the type check knows', () => {
  it('are all that a program may name', async () => {
    expect(await unknownNames(ALLOWED_GLOBALS)).toEqual([])
  })

  it('are nothing of a browser or of Node', async () => {
    const foreign = ['window', 'document', 'fetch', 'process', 'require', 'Buffer', 'module']
    expect(await unknownNames(foreign)).toEqual(foreign)
  })
})
