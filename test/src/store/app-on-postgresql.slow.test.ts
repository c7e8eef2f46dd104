import { join } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { deliveriesOf } from '../../../bench/reliability/crash-checks.ts'
import { CrashServer } from '../../../bench/reliability/crash-process.ts'
import { admin, createTill, PAY, type Till } from '../../support/till.ts'
import { describePostgresql, open, postgresql, TEST_SECRETS } from './each-engine.ts'
import { temporaryFolder } from './temporary-folder.ts'

const library = new URL('../../../src/index.ts', import.meta.url).href

function tillAt(store: string): Till {
  vi.stubEnv('AIRLOCK_AUDIT_KEY', TEST_SECRETS.signingKey)
  vi.stubEnv('AIRLOCK_MASTER_KEY', TEST_SECRETS.masterKey)
  onTestFinished(() => void vi.unstubAllEnvs())
  const till = createTill({ program: PAY, store })
  onTestFinished(() => till.app.close())
  return till
}

function serverAt(store: string, witness: string): CrashServer {
  const server = new CrashServer({ library, store, witness, secrets: TEST_SECRETS })
  onTestFinished(() => server.kill())
  return server
}

/** Begins a run, and does not wait for it. */
function execute(url: string, code: string): void {
  const headers = { 'Content-Type': 'application/json', 'X-API-Key': 'clerk1' }
  const body = JSON.stringify({ code })
  fetch(`${url}/agent/free/execute`, { method: 'POST', headers, body }).catch(() => undefined)
}

describePostgresql('an app', () => {
  it('goes on with a run that waited for a person while the app was down', async () => {
    const place = await postgresql.place()
    const before = tillAt(place)
    const waiting = await before.run()
    expect(waiting.status).toBe('pending_approval')
    await before.app.close()
    const after = tillAt(place)
    await after.app.approvals.resolve(waiting.approvalId ?? '', { approve: true, approver: admin })
    expect(await after.app.runs.wait(waiting.runId)).toMatchObject({
      status: 'completed',
      result: { seen: { paid: 1, times: 1 }, paid: { paid: 21, times: 1 } },
    })
    // The one looked before, the other paid afterwards, and nobody did both.
    expect([before.look.calls.length, before.pay.calls.length]).toEqual([1, 0])
    expect([after.look.calls.length, after.pay.calls.length]).toEqual([0, 1])
  })

  it('is told by one process what another has decided', async () => {
    const place = await postgresql.place()
    const [first, second] = [tillAt(place), tillAt(place)]
    const waiting = await first.run()
    const decision = { approve: true, approver: admin } as const
    const answers = await Promise.allSettled(
      [first, second, first, second].map(({ app }) =>
        app.approvals.resolve(waiting.approvalId ?? '', decision),
      ),
    )
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await first.app.runs.wait(waiting.runId)).toMatchObject({ status: 'completed' })
    expect(first.pay.calls.length + second.pay.calls.length).toBe(1)
  })

  it('takes over the runs of a process that died, while it serves its own', async () => {
    const place = await postgresql.place()
    const witness = join(temporaryFolder(), 'witness.db')
    const [dying, living] = [serverAt(place, witness), serverAt(place, witness)]
    const urls = await Promise.all([dying.listening(), living.listening()])
    // Too many to have ended before the process does.
    execute(
      urls[0],
      `let n = 0; for (; n < 20; n++) await tools.count({ call: 'call-' + n }); return n`,
    )
    await expect.poll(() => deliveriesOf(witness).length, { timeout: 30_000 }).toBeGreaterThan(2)
    await dying.kill()
    const store = await open(place)
    const endings = async () =>
      (await store.runs.list({})).map(({ status, outcome }) => [status, Object(outcome).error])
    await expect
      .poll(endings, { timeout: 90_000, interval: 250 })
      .toEqual([['completed', undefined]])
    const keysOf = Map.groupBy(deliveriesOf(witness), ({ call }) => call)
    expect(keysOf.size).toBe(20)
    for (const calls of keysOf.values()) {
      expect(new Set(calls.map(({ key }) => key)).size).toBe(1)
    }
  })
})
