import { afterAll, describe, it } from 'vitest'
import { ProcessSandbox, ProgramReader, type SandboxEngine } from '../../../harness/index.ts'
import { checkInterrupted } from './interrupted-property.ts'

// `AIRLOCK_SEED` draws others; a failure names its seed.
const ROUNDS = 30
const FIRST_SEED = Number(process.env['AIRLOCK_SEED'] ?? 1)

describe.each<SandboxEngine>(['quickjs', 'v8'])('programs drawn by lot, on %s', (engine) => {
  const reader = new ProgramReader({ deadlineMs: 20_000 })
  const sandbox = new ProcessSandbox({ engine, isolation: { minimum: 'best' } })
  afterAll(() => Promise.all([reader.close(), sandbox.close()]))

  it(`take the same path after any interruption, ${ROUNDS} times`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      await checkInterrupted(FIRST_SEED + round, { reader, sandbox })
    }
  })
})
