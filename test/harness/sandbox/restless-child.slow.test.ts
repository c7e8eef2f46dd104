import { describe, expect, it } from 'vitest'
import type { Logger } from '../../../harness/logger.ts'
import { ProcessSandbox } from '../../../harness/sandbox/process-sandbox.ts'
import { hostileDriver } from './hostile-driver.ts'
import { bestSandbox, runBody } from './run-in-sandbox.ts'

const usage = '{ cpuUs: 1, memoryBytes: 1 }'

/** What a sandbox with such a child says of anomalies, and the sandbox. */
function watched(misbehave: string) {
  const anomalies: unknown[] = []
  const quiet = (): void => undefined
  const logger: Logger = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (fields) => anomalies.push((fields as { readonly anomaly?: unknown }).anomaly),
  }
  const isolation = { minimum: 'best', drivers: [hostileDriver(misbehave)] } as const
  return { anomalies, sandbox: new ProcessSandbox({ isolation, logger, pool: { min: 0, max: 1 } }) }
}

describe.skipIf(process.platform !== 'linux')('a subverted child at rest', () => {
  it('is ended when it says that its program waits, and computes', async () => {
    const says = `send({ type: 'call', run: 0, seq: 0, name: 'echo' }, {}, { type: 'parked', run: 0, wakeInMs: null, usage: ${usage} })`
    const { sandbox, anomalies } = watched(`${says}; for (;;);`)
    const run = runBody(sandbox, 'return 1', {
      limits: { timeoutMs: 60_000 },
      onToolCall: () => new Promise(() => undefined),
    })
    await expect.poll(() => anomalies, { timeout: 20_000 }).toContain('restless')
    await sandbox.close()
    await run
  })

  it('is ended when its program is over, and it computes', async () => {
    const says = `send({ type: 'returned', run: 0, usage: ${usage} }, 1)`
    const { sandbox, anomalies } = watched(`${says}; for (;;);`)
    await runBody(sandbox, 'return 1', { trustDomain: 'one' })
    await expect.poll(() => anomalies, { timeout: 20_000 }).toContain('restless')
    await sandbox.close()
  })

  it('is none of those that wait for a tool, or between programs', async () => {
    const sandbox = bestSandbox()
    const slow = () =>
      new Promise<{ kind: 'value'; value: null }>((resolve) => {
        setTimeout(resolve, 3_500, { kind: 'value', value: null })
      })
    const body =
      'const big = Array.from({ length: 1e5 }, (_, i) => ({ i })); await tools.slow(); return big.length'
    const { ending } = await runBody(sandbox, body, { trustDomain: 'one', onToolCall: slow })
    expect(ending).toMatchObject({ kind: 'returned', value: 100_000 })
    expect((await runBody(sandbox, 'return 2', { trustDomain: 'one' })).ending).toMatchObject({
      value: 2,
    })
    await sandbox.close()
  })
})
