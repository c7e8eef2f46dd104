import { describe, expect, it } from 'vitest'
import { readUser } from '../../../src/security/auth-user.ts'

const cycle: Record<string, unknown> = {}
cycle['self'] = cycle

const unusable = {
  'no object': ['alice', '(answer)'],
  'true, which some verifiers answer': [true, '(answer)'],
  'no userId': [{ username: 'alice' }, 'userId'],
  'an empty userId': [{ userId: '' }, 'userId'],
  'a number as userId': [{ userId: 7 }, 'userId'],
  'a line break in userId': [{ userId: 'a\nb' }, 'userId'],
  'a NUL in userId': [{ userId: 'a\0' }, 'userId'],
  'a userId of 300 characters': [{ userId: 'a'.repeat(300) }, 'userId'],
  'a lone surrogate in userId': [{ userId: '\ud800' }, 'userId'],
  'roles in one string': [{ userId: 'u1', roles: 'admin' }, 'roles'],
  'a role that is no string': [{ userId: 'u1', roles: ['admin', null] }, 'roles'],
  'an empty scope': [{ userId: 'u1', scopes: [''] }, 'scopes'],
  'an empty tenant, which could be shared': [{ userId: 'u1', tenantId: '' }, 'tenantId'],
  'null as tenant': [{ userId: 'u1', tenantId: null }, 'tenantId'],
  'a tenant under another name': [{ userId: 'u1', tenant: 't1' }, 'tenant'],
  'a snake-case name': [{ user_id: 'u1' }, 'user_id'],
  'metadata that is a list': [{ userId: 'u1', metadata: [] }, 'metadata'],
  'metadata with a cycle': [{ userId: 'u1', metadata: cycle }, 'metadata'],
  'metadata with a BigInt': [{ userId: 'u1', metadata: { n: 1n } }, 'metadata'],
} as const

describe('readUser', () => {
  for (const [name, [claimed, field]] of Object.entries(unusable)) {
    it(`refuses ${name}, naming the field`, () => {
      expect(readUser(claimed)).toEqual({ ok: false, field })
    })
  }

  it('gives empty lists and metadata for what is left out', () => {
    expect(readUser({ userId: 'u1', username: undefined })).toEqual({
      ok: true,
      user: { userId: 'u1', roles: [], scopes: [], metadata: {} },
    })
  })

  it('keeps everything that is said', () => {
    const claimed = {
      userId: 'u1',
      username: 'Älice',
      roles: ['admin'],
      scopes: ['read'],
      tenantId: 't1',
      metadata: { type: 'm2m', tags: ['a'] },
    }
    expect(readUser(claimed)).toEqual({ ok: true, user: claimed })
  })

  it('freezes a copy, so that the verifier cannot change a user later', () => {
    const claimed = { userId: 'u1', roles: ['user'], metadata: { plan: { tier: 'free' } } }
    const reading = readUser(claimed)
    claimed.roles.push('admin')
    claimed.metadata.plan.tier = 'paid'
    if (!reading.ok) throw new Error('The user is usable')
    const { user } = reading
    expect(user.roles).toEqual(['user'])
    expect(user.metadata).toEqual({ plan: { tier: 'free' } })
    for (const part of [user, user.roles, user.scopes, user.metadata, user.metadata['plan']]) {
      expect(Object.isFrozen(part)).toBe(true)
    }
  })
})
