import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { HOST_STACK_KB } from '../../../harness/sandbox/child/engine-stack.ts'

const FLAGS = [`--stack-size=${HOST_STACK_KB}`, '--expose-gc', '--single-threaded-gc']

async function probe(what: 'recursion' | 'lives'): Promise<Record<string, unknown>> {
  const file = join(import.meta.dirname, 'quickjs-probe.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [...FLAGS, file, what])
  return JSON.parse(stdout) as Record<string, unknown>
}

it('ends every recursion in an error of the guest and stays usable', async () => {
  const endings = await probe('recursion')
  const expected = Object.keys(endings).map((name) => [
    name,
    expect.stringMatching(/RangeError|SyntaxError|InternalError|\bran\b/),
  ])
  expect(endings).toEqual(Object.fromEntries(expected))
})

it('keeps its memory flat over thousands of realms', async () => {
  const { someKb, manyKb } = (await probe('lives')) as { someKb: number; manyKb: number }
  expect(manyKb - someKb).toBeLessThan(8 * 1024)
})
