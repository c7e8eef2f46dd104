import { expect, it } from 'vitest'
import type { AuditCheckpoint } from '../../../src/audit/checkpoint.ts'
import { describeEachEngine, open, openOn } from '../store/each-engine.ts'
import { exportOf, recordRuns, recordsOf, traceOf } from './audit-traces.ts'

describeEachEngine('the audit chain', (engine) => {
  it('is whole after many have written at once', async () => {
    const { audit, auditLog } = await openOn(engine)
    await Promise.all(
      Array.from({ length: 300 }, async (_, i) => {
        await audit.started(traceOf(`run-${i}`))
        await audit.updated(traceOf(`run-${i}`, { status: 'completed' }))
      }),
    )
    expect(await auditLog.verify()).toMatchObject({ isIntact: true, records: 601, last: 601 })
    expect(await audit.list({ status: 'completed', limit: 1_000 })).toHaveLength(300)
  })

  it('tells of what was recorded in the order in which it was', async () => {
    const store = await openOn(engine)
    await recordRuns(store, 2)
    const owner = { userId: 'ada', tenantId: 'acme' }
    await store.audit.record({
      ...{ kind: 'grant.given', runId: 'run-1', owner, place: 'grant run-1' },
      ...{ facts: { rule: 'no-eval' }, personal: { message: 'eval("ada")' } },
    })
    const records = recordsOf(await exportOf(store))
    expect(records.map(({ kind, runId }) => [kind, runId])).toEqual([
      ['key.first', null],
      ['trace.started', 'run-0'],
      ['trace.updated', 'run-0'],
      ['trace.started', 'run-1'],
      ['trace.updated', 'run-1'],
      ['grant.given', 'run-1'],
    ])
    expect(records.at(-1)?.payload).toContain('"rule":"no-eval"')
    expect(records.at(-1)?.payload).not.toContain('eval(')
  })

  it('keeps nothing personal in the clear', async () => {
    const store = await openOn(engine)
    await recordRuns(store, 3)
    const all = (await exportOf(store)).join('\n')
    for (const word of ['Lovelace', 'clerk', 'digest-1']) expect(all).not.toContain(word)
    expect(await store.audit.list({ runId: 'run-2' })).toMatchObject([
      { intent: 'what did Mrs Lovelace order, run-2?', requester: { userId: 'ada' } },
    ])
  })

  it('forgets the oldest, and still can be checked', async () => {
    const told: AuditCheckpoint[] = []
    const store = await openOn(engine, {
      maxTraces: 10,
      audit: {
        everyRecords: 10,
        onCheckpoint: (checkpoint) => {
          told.push(checkpoint)
        },
      },
    })
    await recordRuns(store, 30)
    const newest = await store.auditLog.checkpoint()
    expect(told.length).toBeGreaterThan(3)
    expect(told.at(-1)).toEqual(newest ?? (await store.auditLog.latestCheckpoint()))
    const report = await store.auditLog.verify({ expected: told })
    expect(report).toMatchObject({ isIntact: true, broken: null })
    // The records before a checkpoint are gone as well.
    expect(report.first).toBeGreaterThan(20)
    expect(await store.audit.list({})).toHaveLength(10)
  })

  it('forgets by age and by size', async () => {
    const aged = await openOn(engine, { audit: { maxAgeMs: 60_000 } })
    await recordRuns(aged, 3)
    const bounded = await openOn(engine, { audit: { maxBytes: 3_000 } })
    await recordRuns(bounded, 50)
    await bounded.auditLog.retain()
    await aged.auditLog.retain()
    expect(await aged.audit.list({})).toHaveLength(3)
    const left = await bounded.audit.list({})
    expect(left.length).toBeGreaterThan(0)
    expect(left.length).toBeLessThan(10)
    for (const { auditLog } of [aged, bounded]) {
      expect(await auditLog.verify()).toMatchObject({ isIntact: true })
    }
  })
})

describeEachEngine(
  'an audit chain that two processes write',
  (engine) => {
    it('has one order, and every record', async () => {
      const place = await engine.place()
      const stores = [await open(place), await open(place)]
      await Promise.all(
        stores.flatMap(({ audit }, s) =>
          Array.from({ length: 100 }, (_, i) => audit.started(traceOf(`run-${s}-${i}`))),
        ),
      )
      for (const { auditLog } of stores) {
        expect(await auditLog.verify()).toMatchObject({ isIntact: true, records: 201 })
      }
    })

    for (const [what, change] of Object.entries({
      'a payload': `UPDATE airlock_audit_records SET payload = replace(payload, 'shop', 'shoq')
        WHERE position = 4`,
      'the time of a record': 'UPDATE airlock_audit_records SET at = at + 1 WHERE position = 4',
      'the kind of a record': `UPDATE airlock_audit_records SET kind = 'violation' WHERE position = 4`,
      'whose run it was': `UPDATE airlock_audit_records SET run_id = 'run-9' WHERE position = 4`,
      'a record that was deleted': 'DELETE FROM airlock_audit_records WHERE position = 4',
      'a payload that was deleted':
        'UPDATE airlock_audit_records SET payload = NULL WHERE position = 4',
    })) {
      it(`tells of ${what}`, async () => {
        const place = await engine.place()
        const store = await open(place)
        await recordRuns(store, 5)
        expect((await store.auditLog.verify()).isIntact).toBe(true)
        await engine.run(place, change)
        const { isIntact, broken } = await store.auditLog.verify()
        expect({ isIntact, position: broken?.position }).toEqual({ isIntact: false, position: 4 })
      })
    }

    for (const [what, change] of Object.entries({
      'a trace that searches do not find any more': 'DELETE FROM airlock_traces WHERE position = 4',
      'a trace that is found by another status': `UPDATE airlock_traces SET status = 'failed'
        WHERE position = 4`,
      'a trace that is found by another user': `UPDATE airlock_traces SET user_id = 'eve'
        WHERE position = 4`,
      'a trace that is not found by its tool': 'DELETE FROM airlock_trace_names WHERE position = 4',
      'a trace that shows an older record': `UPDATE airlock_traces SET record_position = 4
        WHERE position = 4`,
    })) {
      it(`tells of ${what}`, async () => {
        const place = await engine.place()
        const store = await open(place)
        await recordRuns(store, 5)
        await engine.run(place, change)
        expect(await store.auditLog.verify()).toMatchObject({
          isIntact: false,
          broken: { fault: 'index' },
        })
      })
    }

    it('is not written to with another key, nor read with another master key', async () => {
      const place = await engine.place()
      const { newSigningKey } = await import('../../../src/store/store-secrets.ts')
      const first = await open(place)
      await recordRuns(first, 1)
      await expect(open(place, { secrets: { signingKey: newSigningKey() } })).rejects.toMatchObject(
        { code: 'ERR_CONFIGURATION', message: expect.stringContaining('rotate-key') },
      )
      const masterKey = Buffer.alloc(32, 7).toString('base64')
      await expect(open(place, { secrets: { masterKey } })).rejects.toMatchObject({
        code: 'ERR_CONFIGURATION',
      })
    })
  },
  { onlyDurable: true },
)

describeEachEngine('erasing a person', (engine) => {
  const ada = { userId: 'ada', tenantId: 'acme' }

  it('leaves a chain that holds and data that nobody can read', async () => {
    const store = await openOn(engine)
    await recordRuns(store, 3)
    const bob = { userId: 'bob', roles: [], tenantId: 'acme' }
    await store.audit.started(traceOf('bobs', { requester: bob }))
    const checkpoint = await store.auditLog.checkpoint()
    expect(await store.auditLog.erase(ada)).toBe(true)
    expect(await store.audit.list({ userId: 'ada' })).toEqual([])
    const erased = (await store.audit.list({})).filter(({ withheld }) => withheld === 'erased')
    expect(erased).toHaveLength(3)
    expect(erased[0]).toMatchObject({ endpoint: 'shop', status: 'completed', requester: null })
    expect(JSON.stringify(erased)).not.toMatch(/Lovelace|ada|acme/)
    expect(await store.audit.list({ userId: 'bob' })).toMatchObject([
      { intent: 'what did Mrs Lovelace order, bobs?' },
    ])
    const expected = checkpoint === null ? [] : [checkpoint]
    expect(await store.auditLog.verify({ expected })).toMatchObject({ isIntact: true })
    expect(recordsOf(await exportOf(store)).at(-1)).toMatchObject({ kind: 'erasure' })
  })

  it('concerns nobody else: not the same name in another tenant, not who comes later', async () => {
    const store = await openOn(engine)
    const elsewhere = { userId: 'ada', roles: [], tenantId: 'other' }
    await store.audit.started(traceOf('elsewhere', { requester: elsewhere }))
    await recordRuns(store, 1)
    expect(await store.auditLog.erase(ada)).toBe(true)
    expect(await store.auditLog.erase(ada)).toBe(false)
    expect(await store.auditLog.erase({ userId: 'nobody' })).toBe(false)
    await recordRuns(store, 1, 'again')
    const read = await store.audit.list({})
    expect(read.map(({ runId, withheld }) => [runId, withheld])).toEqual([
      ['again-0', undefined],
      ['run-0', 'erased'],
      ['elsewhere', undefined],
    ])
  })

  it('takes their sessions along', async () => {
    const store = await openOn(engine)
    const mine = await store.sessions.append(null, ada, { role: 'user', content: 'hello' })
    const his = { userId: 'bob', tenantId: 'acme' }
    const other = await store.sessions.append(null, his, { role: 'user', content: 'hello' })
    await recordRuns(store, 1)
    await store.auditLog.erase(ada)
    expect(await store.sessions.get(mine ?? '', ada)).toBeNull()
    expect(await store.sessions.get(other ?? '', his)).not.toBeNull()
  })
})
