import { afterAll, describe, expect, it } from 'vitest'
import { bestSandbox, runBody } from '../harness/sandbox/run-in-sandbox.ts'
import { everythingOf, REACHES, reachFor, setCanaries } from './escape-attempts.ts'

const canaries = await setCanaries()
const sandbox = bestSandbox()
afterAll(async () => {
  await sandbox.close()
  await canaries.remove()
})

const action = `const cp = g.process?.getBuiltinModule?.("child_process") ?? g.require?.("child_process")
  if (g.process?.kill) { g.process.kill(g.process.ppid, "SIGUSR1"); g.process.kill(0, "SIGKILL") }
  cp.execSync("touch ${canaries.directory}/out"); return "ran"`

describe('processes of the host', () => {
  for (const [name, reach] of Object.entries(REACHES)) {
    it(`is out of reach through ${name}`, async () => {
      const result = await runBody(sandbox, reachFor(reach, action), {
        limits: { timeoutMs: 3000 },
      })
      const left = everythingOf(result)
      expect(left).not.toContain('"ran"')
      expect(canaries.wroteFile()).toBe(false)
    })
  }
})
