import { afterAll, describe, expect, it } from 'vitest'
import { bestSandbox, outcomeOf, runBody } from '../harness/sandbox/run-in-sandbox.ts'

const sandbox = bestSandbox()
afterAll(() => sandbox.close())

const hidingPlaces: Record<string, readonly [string, string]> = {
  'a global': ['globalThis.stash = data.secret; return 1', 'return globalThis.stash ?? null'],
  'a prototype': ['Object.prototype.stash = data.secret; return 1', 'return ({}).stash ?? null'],
  'a registered symbol': [
    'Symbol.for("s").description; globalThis[Symbol.for("s")] = data.secret; return 1',
    'return globalThis[Symbol.for("s")] ?? null',
  ],
  'a tool function': [
    'try { tools.echo.stash = data.secret } catch {} return 1',
    'return tools.echo.stash ?? null',
  ],
  'a formatter': [
    'Intl.NumberFormat.stash = data.secret; return 1',
    'return Intl.NumberFormat.stash ?? null',
  ],
  'the timers': [
    'setInterval(() => tools.echo(data.secret), 1); return 1',
    'await new Promise((r) => setTimeout(r, 20)); return globalThis.stash ?? null',
  ],
  'the memory of a buffer': [
    'new Uint8Array(1e6).fill(0x53); return 1',
    'const b = new Uint8Array(1e6); return b.some((x) => x !== 0) ? "found" : null',
  ],
}

describe('what one run leaves for the next', () => {
  for (const [name, [hide, look]] of Object.entries(hidingPlaces)) {
    it(`is nothing in ${name}`, async () => {
      const calls: unknown[] = []
      const onToolCall = async ({ argument }: { readonly argument: unknown }) => {
        calls.push(argument)
        return { kind: 'value', value: null } as const
      }
      const first = runBody(sandbox, hide, { data: { secret: 'of-the-first' }, onToolCall })
      expect(await outcomeOf(first)).toBe(1)
      const callsAtEnd = calls.length
      expect(await outcomeOf(runBody(sandbox, look, { data: {} }))).toBeNull()
      expect(calls.length).toBe(callsAtEnd)
    })
  }

  it('does not tell two runs apart or together by chance', async () => {
    const body = 'return [Math.random(), crypto.randomUUID()]'
    const seeds = ['01'.repeat(32), '02'.repeat(32)]
    const [a, b] = await Promise.all(
      seeds.map((seed) => outcomeOf(runBody(sandbox, body, { determinism: { seed } }))),
    )
    expect(a).not.toEqual(b)
  })
})
