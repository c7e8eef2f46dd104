import { afterAll, describe, expect, it } from 'vitest'
import { bestSandbox, runBody } from '../harness/sandbox/run-in-sandbox.ts'

const sandbox = bestSandbox()
afterAll(() => sandbox.close())

const bombs: Record<string, string> = {
  'arrays without end': 'const keep = []; for (;;) keep.push(new Array(1000).fill(keep.length))',
  'buffers without end':
    'const keep = []; for (let i = 0; i < 12; i++) { keep.push(new Uint8Array(64 * 1024 * 1024).fill(7)); await new Promise((r) => setTimeout(r, 5)) } return keep.length',
  'strings split into pieces':
    'const keep = []; for (let i = 0; i < 4; i++) { const s = "ab".repeat(120 * 1024 * 1024); keep.push(s.split("").length) } return keep',
  'a map without end': 'const m = new Map(); for (let i = 0; ; i++) m.set(i, { i })',
  'promises without end': 'const keep = []; for (;;) keep.push(new Promise(() => 0).then(() => 1))',
  'tool calls with huge arguments':
    'const s = "x".repeat(8e6); const all = []; for (let i = 0; i < 40; i++) all.push(tools.echo(s + i)); await Promise.all(all); return 1',
  'a huge regular expression':
    'return new RegExp("(a{1000}){1000}(b{1000}){1000}".repeat(20)).test("a".repeat(1e6))',
  'an endless console':
    'const line = "#".repeat(1e6); for (let i = 0; i < 220; i++) console.log(line); return 1',
  'an array as large as it gets': 'return new Array(4294967295).fill(0).length',
  'a loop in the engine':
    'return Array.prototype.indexOf.call({ length: Number.MAX_SAFE_INTEGER }, 1)',
  'a loop of microtasks': 'for (;;) await null',
  'a loop of promises that make promises':
    'const f = () => { Promise.resolve().then(f); Promise.resolve().then(() => 0) }; f(); await new Promise(() => setTimeout(() => 0, 1e6))',
  'a recursion through every door':
    'const f = { toString: () => `${f}`, valueOf: () => +f, toJSON: () => JSON.stringify(f), get x() { return this.x } }; for (const go of [() => `${f}`, () => +f, () => JSON.stringify(f), () => f.x]) { try { go() } catch {} } return structuredClone(f)',
}

describe('bombs', () => {
  for (const [name, body] of Object.entries(bombs)) {
    it(`do not hurt the host: ${name}`, async () => {
      await sandbox.probe()
      const before = process.memoryUsage().rss
      let latest = performance.now()
      let gapMs = 0
      const heartbeat = setInterval(() => {
        gapMs = Math.max(gapMs, performance.now() - latest)
        latest = performance.now()
      }, 20)
      const startedAt = performance.now()
      const { ending, usage } = await runBody(sandbox, body, { limits: { timeoutMs: 1000 } })
      clearInterval(heartbeat)
      expect(['limit', 'timeout', 'threw', 'returned']).toContain(ending.kind)
      expect(performance.now() - startedAt).toBeLessThan(5_000)
      expect(usage.peakMemoryBytes).toBeLessThan(330 * 1024 * 1024)
      expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024)
      expect(gapMs).toBeLessThan(500)
    })
  }

  it('leave a sandbox that still works', async () => {
    expect((await runBody(sandbox, 'return 1 + 1')).ending).toEqual({ kind: 'returned', value: 2 })
  })
})
