import { afterEach, describe, expect, it, vi } from 'vitest'
import { declareToolTypes } from '../../../harness/types/tool-types.ts'
import type { TypeFinding } from '../../../harness/types/type-finding.ts'
import {
  TypeScriptChecker,
  type TypeScriptCheckerOptions,
} from '../../../harness/types/typescript-checker.ts'
import { descendantsOf, haveEnded } from '../../support/processes.ts'
import { TYPED_TOOLS } from './typed-tools.ts'

const types = declareToolTypes(TYPED_TOOLS)

/** One line of types that takes a compiler seconds and half a gigabyte. */
const EXPENSIVE = [
  'type B<N extends number, A extends 0[] = []> = A["length"] extends N ? A : B<N, [...A, 0]>',
  'type M<A extends 0[], C extends 0[]> = A extends [0, ...infer R extends 0[]] ? [...C, ...M<R, C>] : []',
  'const m: M<B<900>, B<900>> = null as any',
  'm.foo',
].join('; ')

const hostile: Record<string, string> = {
  'types that call themselves': EXPENSIVE,
  'brackets in brackets': '['.repeat(20_000) + ']'.repeat(20_000),
  'type arguments in type arguments': `let x: ${'A<'.repeat(400)}B${'>'.repeat(400)}`,
  'arrow functions in angle brackets': '<T>('.repeat(400),
  'a sum without end': `return 1${'+1'.repeat(30_000)}`,
  'properties of properties': `return data${'.a'.repeat(30_000)}`,
  'a very long name': `tools.list().${'a'.repeat(100_000)}`,
  'a very long wrong argument': `tools.list({ ${'b'.repeat(100_000)}: 1 })`,
  'a mistake in every line': 'tools.list({ limit: "1" })\n'.repeat(4_000),
  'operators in front of a promise': `${'!'.repeat(100_000)}tools.list().rows`,
  'a file of the host': '/// <reference path="/etc/passwd" />\nimport x from "/etc/passwd"',
}

let checker: TypeScriptChecker
afterEach(() => checker.close())

function open(options: TypeScriptCheckerOptions = {}): TypeScriptChecker {
  checker = new TypeScriptChecker(options)
  return checker
}

function check(
  source: string,
  signal = new AbortController().signal,
): Promise<readonly TypeFinding[]> {
  return checker.check({ source, findings: [] }, types, signal)
}

async function stillWorks(): Promise<void> {
  const [finding] = await check('tools.list({ limit: "5" })')
  expect(finding?.ruleId).toBe('types/tool-argument')
}

describe('the compiler behind the type check', () => {
  for (const [name, source] of Object.entries(hostile)) {
    it(`survives ${name}, or is replaced`, async () => {
      open({ deadlineMs: 300, memoryMb: 256 })
      const findings = await check(source)
      expect(findings.length).toBeLessThanOrEqual(20)
      await stillWorks()
    })
  }

  it('is killed at the deadline, and the program is said not to be checked', async () => {
    open({ deadlineMs: 100, memoryMb: 4_096 })
    await stillWorks()
    expect(await check(EXPENSIVE)).toMatchObject([
      {
        ruleId: 'types/not-checked',
        reasonCode: 'deadline',
        severity: 'warning',
        repairable: false,
      },
    ])
    await stillWorks()
  })

  it.runIf(process.platform === 'linux')('is killed above its memory', async () => {
    open({ deadlineMs: 60_000, memoryMb: 120 })
    expect(await check(EXPENSIVE)).toMatchObject([
      { ruleId: 'types/not-checked', reasonCode: 'memory' },
    ])
    await stillWorks()
  })

  it('is killed when the run is cancelled', async () => {
    open({ deadlineMs: 60_000, memoryMb: 4_096 })
    await stillWorks()
    const cancel = new AbortController()
    const checked = check(EXPENSIVE, cancel.signal)
    setTimeout(() => cancel.abort(), 50)
    expect(await checked).toEqual([])
    await stillWorks()
  })

  it('lets programs wait for one another', async () => {
    open({ maxProcesses: 1 })
    const all = await Promise.all(Array.from({ length: 20 }, () => check('tools.list(1)')))
    expect(all.every(([finding]) => finding?.ruleId === 'types/tool-argument')).toBe(true)
  })

  it('says that too many wait', async () => {
    open({ maxProcesses: 1, maxQueued: 1 })
    const all = await Promise.all(Array.from({ length: 5 }, () => check('return 1')))
    const reasons = all.map(([finding]) => finding?.reasonCode)
    expect(reasons).toEqual([undefined, undefined, 'busy', 'busy', 'busy'])
  })

  it.runIf(process.platform === 'linux')('is replaced when somebody kills it', async () => {
    open()
    await stillWorks()
    const first = descendantsOf(process.pid)
    expect(first).toHaveLength(1)
    for (const pid of first) process.kill(pid, 'SIGKILL')
    // A check that was on its way to the old one says that it could not be made.
    await vi.waitFor(stillWorks)
    const second = descendantsOf(process.pid)
    expect(second).toHaveLength(1)
    await checker.close()
    expect(await haveEnded(second, 5_000)).toBe(true)
  })
})
