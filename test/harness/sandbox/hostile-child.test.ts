import { describe, expect, it } from 'vitest'
import { ProcessSandbox } from '../../../harness/sandbox/process-sandbox.ts'
import type { SandboxToolCall } from '../../../harness/sandbox/sandbox.ts'
import { hostileDriver } from './hostile-driver.ts'
import { runBody } from './run-in-sandbox.ts'

const call = (seq: number, name: string) =>
  `{ type: 'call', run: 0, seq: ${seq}, name: '${name}' }, {}`

const attacks: Record<string, string> = {
  'a length of four gigabytes': 'raw(Buffer.from([255, 255, 255, 255]))',
  'an endless frame':
    'const b = Buffer.alloc(1e6, 91); raw(Buffer.from([0, 0, 255, 255])); for (;;) raw(b)',
  'no JSON': "text('{')",
  'a forged result of another protocol': "send({ jsonrpc: '2.0', id: 1, result: 'FORGED' })",
  'a forged result with its value inside, then nonsense':
    "send({ type: 'result', value: 'FORGED' })",
  'a call of a tool that is not granted': `send(${call(0, 'admin_delete')})`,
  'a call out of sequence': `send(${call(1, 'echo')})`,
  'a call made twice': `send(${call(0, 'echo')}, ${call(0, 'echo')})`,
  'a second ready':
    "send({ type: 'ready', isSealed: true, selfTest: { file: '', network: '', process: '' } }, {}); send({ type: 'ready' })",
  'a payload that is no JSON':
    "send({ type: 'returned', run: 0, usage: { cpuUs: 1, memoryBytes: 1 } }); text('FORGED')",
  'a payload nested too deeply':
    "send({ type: 'returned', run: 0, usage: { cpuUs: 1, memoryBytes: 1 } }); text('['.repeat(1e5) + ']'.repeat(1e5))",
  'a console line that is no text':
    "send({ type: 'console', run: 0, level: 'log', isTruncated: false }, { toString: 1 })",
  'more console output than allowed':
    "for (let i = 0; i < 1e5; i++) send({ type: 'console', run: 0, level: 'log', isTruncated: false }, 'x'.repeat(1000))",
  'a result over the limit':
    "send({ type: 'returned', run: 0, usage: { cpuUs: 1, memoryBytes: 1 } }); text(JSON.stringify('x'.repeat(2e6)))",
  'an unknown message': "send({ type: 'constructor' })",
  'an end to its turn that nobody gave it':
    "const parked = { type: 'parked', run: 0, wakeInMs: null, usage: { cpuUs: 1, memoryBytes: 1 } }; send(parked, parked)",
  'a word about the program of a neighbour':
    "send({ type: 'returned', run: 1, usage: { cpuUs: 1, memoryBytes: 1 } }); text('1')",
  'progress without end':
    "for (let i = 0; i < 2e4; i++) send({ type: 'progress', run: 0, done: i, total: null, label: '' })",
  'progress that is no number':
    "send({ type: 'progress', run: 0, done: null, total: null, label: '' })",
}

describe('a subverted child', () => {
  for (const [name, misbehave] of Object.entries(attacks)) {
    it(`is ended for ${name}`, async () => {
      const calls: SandboxToolCall[] = []
      const isolation = { minimum: 'best', drivers: [hostileDriver(misbehave)] } as const
      const sandbox = new ProcessSandbox({ isolation, pool: { min: 0 } })
      const { ending, isolation: facts } = await runBody(sandbox, 'return 1', {
        limits: { timeoutMs: 10_000 },
        onToolCall: async (made) => {
          calls.push(made)
          return { kind: 'value', value: null }
        },
      })
      await sandbox.close()
      expect(ending.kind).toBe('violation')
      expect(calls.every((made) => made.name === 'echo' && made.seq === 0)).toBe(true)
      // Whatever a child says of itself, the level comes from what the kernel says of it.
      expect(facts.level).toBe('process')
    })
  }

  const deaths: Record<string, readonly [string, string]> = {
    'that exits': ['process.exit(0)', 'crashed'],
    'that aborts': ['process.abort()', 'crashed'],
    'that dies of a forbidden system call': ["process.kill(process.pid, 'SIGSYS')", 'violation'],
    'whose heap is full': [
      "console.error('FATAL ERROR: JavaScript heap out of memory'); process.exit(134)",
      'limit',
    ],
  }
  for (const [name, [misbehave, kind]] of Object.entries(deaths)) {
    it(`${name} ends the run as ${kind}`, async () => {
      const isolation = { minimum: 'best', drivers: [hostileDriver(misbehave)] } as const
      const sandbox = new ProcessSandbox({ isolation, pool: { min: 0 } })
      const { ending } = await runBody(sandbox, 'return 1')
      await sandbox.close()
      expect(ending.kind).toBe(kind)
    })
  }
})
