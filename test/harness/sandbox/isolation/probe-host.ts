// A host of its own: started in a situation, says what isolation it found there and whether a program
// runs. Imports nothing but the harness, so that a copy of that folder is all it needs.
import { ProcessSandbox } from '../../../../harness/sandbox/process-sandbox.ts'
import { DEFAULT_LIMITS } from '../../../../harness/sandbox/resource-limits.ts'

const sandbox = new ProcessSandbox({ isolation: { minimum: 'best' }, pool: { min: 1, max: 1 } })
const { ending, isolation } = await sandbox.run({
  runId: 'run-1',
  program: { code: '(async () => (await tools.double({ n: 21 })).n)', hash: '' },
  data: null,
  toolNames: ['double'],
  limits: DEFAULT_LIMITS,
  determinism: { startTimeMs: 0, seed: 'ab'.repeat(32) },
  onToolCall: async ({ argument }) => ({
    kind: 'value',
    value: { n: 2 * (argument as { n: number }).n },
  }),
})
await sandbox.close()
console.log(JSON.stringify({ ending, isolation }))
