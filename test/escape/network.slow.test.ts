import { afterAll, describe, expect, it } from 'vitest'
import { bestSandbox, runBody } from '../harness/sandbox/run-in-sandbox.ts'
import { everythingOf, REACHES, reachFor, setCanaries } from './escape-attempts.ts'

const canaries = await setCanaries()
const sandbox = bestSandbox()
afterAll(async () => {
  await sandbox.close()
  await canaries.remove()
})

const action = `const net = g.process?.getBuiltinModule?.("net") ?? g.require?.("net")
  if (net) net.connect(${canaries.port}, "127.0.0.1"); else await (g.fetch ?? fetch)("http://127.0.0.1:${canaries.port}/"); return "sent"`

describe('the network', () => {
  for (const [name, reach] of Object.entries(REACHES)) {
    it(`is out of reach through ${name}`, async () => {
      const result = await runBody(sandbox, reachFor(reach, action), {
        limits: { timeoutMs: 3000 },
      })
      const left = everythingOf(result)
      expect(left).not.toContain('"sent"')
      expect(canaries.connections()).toBe(0)
    })
  }
})
