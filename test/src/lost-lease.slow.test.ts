import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defineTool, jsonSchema } from '../../src/index.ts'
import { openStore } from '../../src/store/open-store.ts'
import { createTestApp, testUser } from '../../src/testing/index.ts'
import { temporaryFolder } from './store/temporary-folder.ts'

describe('a process whose run was taken over', () => {
  it('stops working on it, writes nothing more, and says where the run goes on', async () => {
    const location = join(temporaryFolder(), 'store.db')
    const app = createTestApp([], { store: location })
    const other = await openStore(location)
    onTestFinished(async () => {
      await app.close()
      await other.close()
    })
    const called = Promise.withResolvers<AbortSignal>()
    const slow = defineTool({
      ...{ name: 'slow', description: 'Takes its time', readOnly: false },
      input: jsonSchema({ type: 'object' }),
      run: async (_, { signal }) => {
        called.resolve(signal)
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        return 'too late'
      },
    })
    app.agentEndpoint({
      ...{ name: 'till', public: true, execute: true, typeCheck: 'off', tools: [slow] },
      limits: { timeoutMs: 120_000 },
    })
    const code = 'return await tools.slow({})'
    const running = app.execute({ endpoint: 'till', code, user: testUser('ann') })
    const signal = await called.promise
    // Another process takes the run for abandoned, as if this one had been silent for too long.
    const [seen] = await other.runs.listAbandoned({ now: Date.now() + 3_600_000, deadOwners: [] })
    if (seen === undefined) throw new Error('There is no run to take over')
    const lease = { owner: 'somebody/else/entirely', until: Date.now() + 3_600_000 }
    const held = await other.runs.takeOver(seen, lease)
    expect(held).toMatchObject({ epoch: 2 })

    const outcome = await running
    expect(signal.aborted).toBe(true)
    expect(outcome).toMatchObject({ runId: seen.run.runId, status: 'running' })
    const [call] = await other.journal.read(seen.run.runId)
    expect(call?.answer).toBeUndefined()
    expect(await other.runs.get(seen.run.runId)).toMatchObject({ status: 'running', epoch: 2 })
    expect(await other.runs.update(seen.run.runId, ['running'], { status: 'failed' }, 2)).toBe(true)
  })
})
