import { afterAll, describe, expect, it } from 'vitest'
import { ProcessSandbox } from '../../../harness/sandbox/process-sandbox.ts'
import { bestSandbox, outcomeOf, runBody } from './run-in-sandbox.ts'

const sandbox = bestSandbox()
afterAll(() => sandbox.close())

const endless: Record<string, string> = {
  'a loop': 'for (;;);',
  'a loop of microtasks': 'for (;;) await null',
  'a loop inside the engine that no interrupt reaches':
    'return "a".repeat(3e6).indexOf("a".repeat(15e5) + "b")',
  'a regular expression that backtracks': 'return /^(a+)+$/.test("a".repeat(40) + "b")',
  'a getter read while the value leaves': 'return { get x() { for (;;); } }',
  'an endless toJSON':
    'return { toJSON() { return { toJSON: this.toJSON } }, get y() { for (;;); } }',
  'a timer that never stops': 'await new Promise(() => setInterval(() => {}, 1))',
}

const bombs: Record<string, string> = {
  arrays: 'const keep = []; for (;;) keep.push(new Array(1000).fill(keep.length))',
  buffers: 'const keep = []; for (;;) keep.push(new Uint8Array(16 * 1024 * 1024).fill(7))',
  strings: 'const keep = []; for (;;) keep.push("x".repeat(1e6) + keep.length)',
  'a value that is too large to build': 'return "z".repeat(512 * 1024 * 1024)',
}

describe('limits', () => {
  for (const [name, body] of Object.entries(endless)) {
    it(`stops ${name} at the deadline`, async () => {
      const { ending, usage } = await runBody(sandbox, body, { limits: { timeoutMs: 200 } })
      expect(['timeout', 'bad-output']).toContain(ending.kind)
      expect(usage.wallMs).toBeLessThan(400)
    })
  }

  for (const [name, body] of Object.entries(bombs)) {
    it(`stops a memory bomb of ${name}`, async () => {
      const { ending, usage } = await runBody(sandbox, body, {
        limits: { memoryMb: 64, timeoutMs: 8000 },
      })
      expect(ending).toMatchObject({ kind: 'limit', limit: 'memoryMb' })
      expect(usage.peakMemoryBytes).toBeLessThan(300 * 1024 * 1024)
    })
  }

  it('lets a program go on that catches the end of its memory', async () => {
    const body =
      'try { const k = []; for (;;) k.push(new Uint8Array(4e6)) } catch { return "caught" }'
    expect(await outcomeOf(runBody(sandbox, body, { limits: { memoryMb: 32 } }))).toBe('caught')
  })

  const text = 'return "x".repeat(998)'
  it('allows a result of exactly the limit and refuses one byte more', async () => {
    expect(
      await outcomeOf(runBody(sandbox, text, { limits: { maxOutputBytes: 1000 } })),
    ).toHaveLength(998)
    const { ending } = await runBody(sandbox, text, { limits: { maxOutputBytes: 999 } })
    expect(ending).toMatchObject({ kind: 'limit', limit: 'maxOutputBytes' })
  })

  it('counts bytes of the result, not characters', async () => {
    const { ending } = await runBody(sandbox, 'return "ü".repeat(600)', {
      limits: { maxOutputBytes: 1000 },
    })
    expect(ending).toMatchObject({ kind: 'limit', limit: 'maxOutputBytes' })
  })

  it('allows exactly as many tool calls as it says', async () => {
    let calls = 0
    const onToolCall = async () => {
      calls++
      return { kind: 'value', value: null } as const
    }
    const body = 'for (let i = 0; i < data.n; i++) await tools.echo(); return "ok"'
    const limits = { maxToolCalls: 5 }
    expect(await outcomeOf(runBody(sandbox, body, { data: { n: 5 }, limits, onToolCall }))).toBe(
      'ok',
    )
    const { ending } = await runBody(sandbox, body, { data: { n: 6 }, limits, onToolCall })
    expect(ending).toMatchObject({ kind: 'limit', limit: 'maxToolCalls' })
    expect(calls).toBe(10)
  })

  it('keeps console output up to its limit and says what it dropped', async () => {
    const body = 'for (let i = 0; i < 1e4; i++) console.log("y".repeat(90)); return 1'
    const { console, ending } = await runBody(sandbox, body, { limits: { maxConsoleBytes: 1000 } })
    expect(ending.kind).toBe('returned')
    expect(console.length).toBeLessThanOrEqual(11)
    expect(console.at(-1)?.text).toMatch(/dropped/)
  })

  it('refuses an argument or an answer that is too large, inside the program', async () => {
    const limits = { maxMessageBytes: 2000 }
    const tooMuch = 'try { await tools.echo({ s: "x".repeat(3000) }) } catch (e) { return e.code }'
    expect(await outcomeOf(runBody(sandbox, tooMuch, { limits }))).toBe('ERR_TOOL_DENIED')
    const narrower = { maxToolArgumentBytes: 2000 }
    expect(await outcomeOf(runBody(sandbox, tooMuch, { limits: narrower }))).toBe('ERR_TOOL_DENIED')
    const enough = { maxToolArgumentBytes: 4000 }
    const through = `${tooMuch}\nreturn 'through'`
    expect(await outcomeOf(runBody(sandbox, through, { limits: enough }))).toBe('through')
    const onToolCall = async () => ({ kind: 'value', value: 'x'.repeat(3000) }) as const
    const answer = 'try { await tools.echo() } catch (e) { return e.code }'
    expect(await outcomeOf(runBody(sandbox, answer, { limits, onToolCall }))).toBe(
      'ERR_TOOL_FAILED',
    )
  })

  it('passes messages of several megabytes', async () => {
    const big = { rows: Array.from({ length: 50_000 }, (_, id) => ({ id, name: `row ${id}` })) }
    const body = 'const { rows } = await tools.echo(data); return rows.length + data.rows.length'
    const limits = { maxToolArgumentBytes: 16_777_216 }
    expect(await outcomeOf(runBody(sandbox, body, { data: big, limits }))).toBe(100_000)
  })

  it('runs nothing when the program or its data is too large', async () => {
    const program = await runBody(sandbox, 'return 1', { limits: { maxProgramBytes: 20 } })
    expect(program.ending).toMatchObject({ kind: 'limit', limit: 'maxProgramBytes' })
    const data = await runBody(sandbox, 'return 1', {
      data: 'x'.repeat(99),
      limits: { maxMessageBytes: 50 },
    })
    expect(data.ending).toMatchObject({ kind: 'limit', limit: 'maxMessageBytes' })
    expect(data.usage.wallMs).toBe(0)
  })

  const waiting: Record<string, string> = {
    'a program in a loop': 'tools.slow(); for (;;);',
    'a program that waits for a tool': 'return tools.slow()',
  }
  for (const [name, body] of Object.entries(waiting)) {
    it(`cancels ${name} within 20 ms`, async () => {
      // Nothing is started ahead, and the best of several counts: the machine does other things too.
      const isolated = new ProcessSandbox({ isolation: { minimum: 'best' }, pool: { min: 0 } })
      let bestMs = Infinity
      for (let i = 0; i < 6 && bestMs >= 20; i++) {
        const controller = new AbortController()
        let abortedAt = 0
        const onToolCall = () => {
          abortedAt = performance.now()
          controller.abort()
          return new Promise<never>(() => undefined)
        }
        const { ending } = await runBody(isolated, body, { signal: controller.signal, onToolCall })
        expect(ending.kind).toBe('cancelled')
        bestMs = Math.min(bestMs, performance.now() - abortedAt)
      }
      await isolated.close()
      expect(bestMs).toBeLessThan(20)
    })
  }

  it('starts nothing for a run that was cancelled before', async () => {
    const { ending, usage } = await runBody(sandbox, 'return 1', { signal: AbortSignal.abort() })
    expect(ending.kind).toBe('cancelled')
    expect(usage.wallMs).toBe(0)
  })
})
