import { afterAll, describe, it } from 'vitest'
import { ProcessSandbox, ProgramReader, type SandboxEngine } from '../../../harness/index.ts'
import { checkInterrupted } from './interrupted-property.ts'

const ROUNDS = 60

describe.each<SandboxEngine>(['quickjs', 'v8'])('programs drawn by lot, on %s', (engine) => {
  const reader = new ProgramReader({ deadlineMs: 20_000 })
  const sandbox = new ProcessSandbox({ engine, isolation: { minimum: 'best' } })
  afterAll(() => Promise.all([reader.close(), sandbox.close()]))

  it(`take the same path after any interruption, ${ROUNDS} times`, async () => {
    // Another part of all programs each time; a failure names its seed.
    const first = Date.now() % 1_000_000
    for (let round = 0; round < ROUNDS; round += 1) {
      await checkInterrupted(first + round, { reader, sandbox })
    }
  })
})
