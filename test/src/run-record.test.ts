import { describe, expect, it, onTestFinished } from 'vitest'
import { beginRecord, userOf } from '../../src/run-record.ts'
import type { AuthUser } from '../../src/security/auth-user.ts'
import { openStore } from '../../src/store/open-store.ts'

const user: AuthUser = {
  userId: 'ada',
  username: 'Ada',
  roles: ['clerk'],
  scopes: ['orders:write'],
  tenantId: 'acme',
  metadata: { type: 'm2m', teams: ['a'] },
}

describe('the user of a run', () => {
  it('is whole, and frozen, after the run was stored', async () => {
    const { runs, close } = await openStore(':memory:')
    onTestFinished(close)
    const record = beginRecord('shop', { entrance: 'intent', user, data: null }, 0)
    await runs.insert(record)
    const stored = await runs.get(record.runId)
    const found = stored === null ? null : userOf(stored)
    expect(found).toEqual(user)
    expect(Object.isFrozen(found) && Object.isFrozen(found?.metadata['teams'])).toBe(true)
  })

  it('is nobody when the run was for nobody', () => {
    const record = beginRecord('shop', { entrance: 'intent', user: null, data: null }, 0)
    expect(userOf(record)).toBeNull()
  })

  it('is not made up when what is stored is no user', () => {
    const record = beginRecord('shop', { entrance: 'intent', user, data: null }, 0)
    const broken = { ...record, user: { ...user, tenantId: '' } }
    expect(() => userOf(broken)).toThrow(TypeError)
  })
})
