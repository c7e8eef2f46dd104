import { describe, expect, it } from 'vitest'
import { AuthorizationPolicy } from '../../../src/authorization/authorization-policy.ts'
import { DevelopmentAuthorizationPolicy } from '../../../src/authorization/development-authorization-policy.ts'
import { ALL_OPERATIONS, Operation } from '../../../src/authorization/operation.ts'
import { ProductionAuthorizationPolicy } from '../../../src/authorization/production-authorization-policy.ts'

class FixedPolicy extends AuthorizationPolicy {
  readonly asked: string[] = []
  readonly #permission: unknown
  readonly #rate: unknown

  constructor(permission: unknown, rate: unknown) {
    super()
    this.#permission = permission
    this.#rate = rate
  }

  override async checkPermission(): Promise<boolean> {
    this.asked.push('permission')
    return this.#permission as boolean
  }

  override async checkRateLimit(): Promise<boolean> {
    this.asked.push('rate')
    return this.#rate as boolean
  }
}

const request = { user: null, operation: Operation.READ_AUDIT }

describe('AuthorizationPolicy', () => {
  it('authorizes what is permitted and within the rate', async () => {
    await expect(new FixedPolicy(true, true).authorize(request)).resolves.toBeUndefined()
  })

  it('asks about the rate only for what is permitted', async () => {
    const policy = new FixedPolicy(false, true)
    await expect(policy.authorize(request)).rejects.toMatchObject({
      code: 'ERR_AUTHORIZATION_DENIED',
    })
    expect(policy.asked).toEqual(['permission'])
  })

  it('says so when the caller asked too often', async () => {
    await expect(new FixedPolicy(true, false).authorize(request)).rejects.toMatchObject({
      code: 'ERR_RATE_LIMITED',
    })
  })

  for (const answer of [undefined, null, 1, 'yes', {}]) {
    it(`takes ${JSON.stringify(answer) ?? 'undefined'} for a no`, async () => {
      await expect(new FixedPolicy(answer, true).authorize(request)).rejects.toMatchObject({
        code: 'ERR_AUTHORIZATION_DENIED',
      })
      await expect(new FixedPolicy(true, answer).authorize(request)).rejects.toMatchObject({
        code: 'ERR_RATE_LIMITED',
      })
    })
  }

  it('names every operation once', () => {
    expect(new Set(ALL_OPERATIONS).size).toBe(Object.keys(Operation).length)
  })
})

describe('DevelopmentAuthorizationPolicy', () => {
  it('allows everything to nobody, and demands a loopback address for that', async () => {
    const policy = new DevelopmentAuthorizationPolicy()
    for (const operation of ALL_OPERATIONS) {
      await expect(policy.authorize({ user: null, operation })).resolves.toBeUndefined()
    }
    expect(policy.requiresLoopback).toBe(true)
    expect(new ProductionAuthorizationPolicy().requiresLoopback).toBe(false)
  })
})
