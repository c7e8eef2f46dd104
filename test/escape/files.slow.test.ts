import { afterAll, describe, expect, it } from 'vitest'
import { bestSandbox, runBody } from '../harness/sandbox/run-in-sandbox.ts'
import { everythingOf, REACHES, reachFor, setCanaries } from './escape-attempts.ts'

const canaries = await setCanaries()
const sandbox = bestSandbox()
afterAll(async () => {
  await sandbox.close()
  await canaries.remove()
})

const action = `const fs = g.process?.getBuiltinModule?.("fs") ?? g.require?.("fs") ?? (await import("node:fs"))
  fs.writeFileSync(${JSON.stringify(`${canaries.directory}/out`)}, "x"); return fs.readFileSync(${JSON.stringify(canaries.file)}, "utf8")`

describe('files of the host', () => {
  for (const [name, reach] of Object.entries(REACHES)) {
    it(`is out of reach through ${name}`, async () => {
      const result = await runBody(sandbox, reachFor(reach, action), {
        limits: { timeoutMs: 3000 },
      })
      const left = everythingOf(result)
      expect(left).not.toContain(canaries.secret)
      expect(canaries.wroteFile()).toBe(false)
    })
  }
})
