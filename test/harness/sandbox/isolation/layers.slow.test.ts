import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { IsolationDriver } from '../../../../harness/sandbox/isolation/driver.ts'
import { canSelfSeal } from '../../../../harness/sandbox/isolation/node-permission.ts'
import { candidateDrivers } from '../../../../harness/sandbox/isolation/probe.ts'
import { EscapeLab } from './layers/escape-lab.ts'
import { ESCAPE_ATTEMPTS } from './layers/escaped-child.mts'
import { REMOVABLE_LAYERS, WeakenedDriver } from './layers/without-layers.ts'

const EXEC = 'calls: become another program'

/** What only a system-call filter stops: parts of the kernel, nothing of the host's. */
const KERNEL_SURFACE = [
  EXEC,
  'calls: make a process',
  'calls: open an io_uring',
  'calls: handle page faults',
  'calls: join a keyring',
  'calls: make a file in memory',
  'calls: make shared memory',
]

/** What a program that has left its engine still gets with a driver of this package. */
const REMAINS: Readonly<Record<string, readonly string[]>> = {
  'bwrap+self-seal': [],
  // The filter stands before Node starts, so it has to let Node be started; there is nothing else.
  bwrap: [EXEC],
  'unshare+self-seal': [],
  'self-seal': [],
  unshare: KERNEL_SURFACE,
}

let lab: EscapeLab
beforeAll(async () => {
  lab = await EscapeLab.open()
})
afterAll(() => lab.close())

async function successesWith(driver: IsolationDriver, tries = 1): Promise<string[]> {
  const found: string[] = []
  for (const attempt of ESCAPE_ATTEMPTS) {
    for (let nth = 0; nth < tries; nth += 1) {
      if (!(await lab.attempt(driver, attempt)).isReached) continue
      found.push(attempt)
      break
    }
  }
  return found
}

describe.skipIf(!canSelfSeal())('a program that has left its engine', () => {
  for (const driver of candidateDrivers()) {
    const expected = REMAINS[driver.name]
    if (expected === undefined) continue
    it(`gets no further than it should with ${driver.name}`, async () => {
      const successes = await successesWith(driver)
      expect(successes.filter((attempt) => !expected.includes(attempt))).toEqual([])
    })

    it.skipIf(!driver.name.endsWith('seal'))(
      `is known by how it ended after a forbidden call with ${driver.name}`,
      async () => {
        const { detail } = await lab.attempt(driver, 'calls: debug another process')
        expect(detail).toBe('SIGSYS')
      },
    )
  }

  // Otherwise what was not stopped above could not have worked anyway.
  it('gets everything it wants with no layer at all', async () => {
    // A port may be taken or a process slow to come: whoever has escaped would try again.
    const successes = await successesWith(new WeakenedDriver(REMOVABLE_LAYERS), 3)
    expect(successes).toEqual(ESCAPE_ATTEMPTS)
  })
})
