import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  AuthorizationRequest,
  AuthorizedResource,
} from '../../../src/authorization/authorization-policy.ts'
import { ALL_OPERATIONS, Operation } from '../../../src/authorization/operation.ts'
import { ProductionAuthorizationPolicy } from '../../../src/authorization/production-authorization-policy.ts'
import type { AuthUser } from '../../../src/security/auth-user.ts'

const policy = new ProductionAuthorizationPolicy()
const user = (changes: Partial<AuthUser> = {}): AuthUser => {
  return { userId: 'u1', roles: [], scopes: [], metadata: {}, ...changes }
}
const admin = user({ userId: 'a1', roles: ['admin'] })
const endpoint = { name: 'shop', isPublic: false }
const publicEndpoint = { name: 'greeter', isPublic: true }
const inTenant = (tenantId: string) => ({ tenantId })
const own: AuthorizedResource = { ownerId: 'u1' }
const foreign: AuthorizedResource = { ownerId: 'u2' }

const { RUN_ENDPOINT, EXECUTE_PROGRAM, READ_RUN, LIST_APPROVALS } = Operation
const { READ_APPROVAL, RESOLVE_APPROVAL, READ_AUDIT, READ_CAPABILITIES } = Operation

const allowed: { readonly [name: string]: AuthorizationRequest } = {
  'nobody to run a public endpoint': {
    user: null,
    operation: RUN_ENDPOINT,
    endpoint: publicEndpoint,
  },
  'nobody to bring a program to a public endpoint': {
    user: null,
    operation: EXECUTE_PROGRAM,
    endpoint: publicEndpoint,
  },
  'a user to read their own audit record': { user: user(), operation: READ_AUDIT, resource: own },
  'a user to run an endpoint': { user: user(), operation: RUN_ENDPOINT, endpoint },
  'a user to bring a program': { user: user(), operation: EXECUTE_PROGRAM, endpoint },
  'a user to see capabilities': { user: user(), operation: READ_CAPABILITIES },
  'a user to read their own run': { user: user(), operation: READ_RUN, resource: own },
  'a user to read their own run in a tenant': {
    user: user(inTenant('t1')),
    operation: READ_RUN,
    resource: { ...own, ...inTenant('t1') },
  },
  'a user to list approvals': { user: user(), operation: LIST_APPROVALS },
  'a user to see the approval they asked for': {
    user: user(),
    operation: READ_APPROVAL,
    resource: { ...own, approvers: [{ role: 'lead' }] },
  },
  'an approver listed by role': {
    user: user({ roles: ['lead'] }),
    operation: RESOLVE_APPROVAL,
    resource: { ...foreign, approvers: [{ role: 'lead' }] },
  },
  'an approver listed by id': {
    user: user(),
    operation: RESOLVE_APPROVAL,
    resource: { ...foreign, approvers: [{ userId: 'u9' }, { userId: 'u1' }] },
  },
  'an admin to read another’s run': { user: admin, operation: READ_RUN, resource: foreign },
  'an admin to read the audit record': { user: admin, operation: READ_AUDIT },
  'an admin to read a run of the same tenant': {
    user: { ...admin, tenantId: 't1' },
    operation: READ_RUN,
    resource: { ...foreign, ...inTenant('t1') },
  },
  'an admin without tenant to read a run of nobody': {
    user: admin,
    operation: READ_RUN,
    resource: {},
  },
}

const denied: { readonly [name: string]: AuthorizationRequest } = {
  'nobody at an endpoint that is not public': { user: null, operation: RUN_ENDPOINT, endpoint },
  'nobody without an endpoint': { user: null, operation: RUN_ENDPOINT },
  'nobody a program at an endpoint that is not public': {
    user: null,
    operation: EXECUTE_PROGRAM,
    endpoint,
  },
  'nobody the run of nobody': { user: null, operation: READ_RUN, resource: {} },
  'nobody capabilities': { user: null, operation: READ_CAPABILITIES },
  'a user another’s run': { user: user(), operation: READ_RUN, resource: foreign },
  'a user the run of nobody': { user: user(), operation: READ_RUN, resource: {} },
  'a user the audit record of another': { user: user(), operation: READ_AUDIT, resource: foreign },
  'a user an approval that does not concern them': {
    user: user(),
    operation: READ_APPROVAL,
    resource: { ...foreign, approvers: [{ role: 'lead' }, { userId: 'u3' }] },
  },
  'a user whose id is the name of the role': {
    user: user({ userId: 'lead' }),
    operation: RESOLVE_APPROVAL,
    resource: { ...foreign, approvers: [{ role: 'lead' }] },
  },
  'a role that is the id of the approver': {
    user: user({ roles: ['u9'] }),
    operation: RESOLVE_APPROVAL,
    resource: { ...foreign, approvers: [{ userId: 'u9' }] },
  },
  'a listed approver of another tenant': {
    user: user({ roles: ['lead'], tenantId: 't2' }),
    operation: RESOLVE_APPROVAL,
    resource: { ...foreign, ...inTenant('t1'), approvers: [{ role: 'lead' }] },
  },
  'an admin the run of another tenant': {
    user: { ...admin, tenantId: 't2' },
    operation: READ_RUN,
    resource: { ...foreign, ...inTenant('t1') },
  },
  'an admin of a tenant a run without tenant': {
    user: { ...admin, tenantId: 't1' },
    operation: READ_RUN,
    resource: foreign,
  },
  'an admin without tenant a run of a tenant': {
    user: admin,
    operation: READ_RUN,
    resource: { ...foreign, ...inTenant('t1') },
  },
  'an owner who has moved to another tenant': {
    user: user(inTenant('t2')),
    operation: READ_RUN,
    resource: { ...own, ...inTenant('t1') },
  },
  'a role of another spelling': {
    user: user({ roles: ['Admin', 'admin ', 'administrator'] }),
    operation: READ_AUDIT,
    resource: foreign,
  },
  'a role named like a member of every object': {
    user: user({ roles: ['constructor', '__proto__', 'toString'] }),
    operation: READ_AUDIT,
    resource: foreign,
  },
  'an operation that does not exist, to an admin': {
    user: admin,
    operation: 'audit:erase' as Operation,
  },
}

describe('ProductionAuthorizationPolicy', () => {
  for (const [name, request] of Object.entries(allowed)) {
    it(`allows ${name}`, async () => expect(await policy.checkPermission(request)).toBe(true))
  }

  for (const [name, request] of Object.entries(denied)) {
    it(`denies ${name}`, async () => expect(await policy.checkPermission(request)).toBe(false))
  }

  it('never lets anybody reach a resource of another tenant, whatever roles there are', async () => {
    const tenant = fc.option(fc.constantFrom('t1', 't2', 't3'), { nil: undefined })
    const roles = fc.subarray(['admin', 'auditor', 'lead'])
    const id = fc.constantFrom('u1', 'u2')
    const generous = new ProductionAuthorizationPolicy({
      roles: { auditor: ALL_OPERATIONS, lead: [RESOLVE_APPROVAL, READ_APPROVAL] },
      authenticated: ALL_OPERATIONS,
    })
    const operation = fc.constantFrom(...ALL_OPERATIONS)
    await fc.assert(
      fc.asyncProperty(
        tenant,
        tenant,
        roles,
        id,
        id,
        operation,
        async (userTenant, resourceTenant, userRoles, userId, ownerId, asked) => {
          fc.pre(userTenant !== resourceTenant)
          const approvers = [{ role: 'lead' }, { userId }]
          const isAllowed = await generous.checkPermission({
            user: user({
              userId,
              roles: userRoles,
              ...(userTenant === undefined ? {} : inTenant(userTenant)),
            }),
            operation: asked,
            resource: {
              ownerId,
              approvers,
              ...(resourceTenant === undefined ? {} : inTenant(resourceTenant)),
            },
          })
          expect(isAllowed).toBe(false)
        },
      ),
    )
  })

  it('gives a role what is listed, tenant-wide, and leaves admin as it is', async () => {
    const custom = new ProductionAuthorizationPolicy({ roles: { auditor: [READ_AUDIT, READ_RUN] } })
    const auditor = user({ userId: 'x', roles: ['auditor'] })
    const ask = (operation: Operation, who = auditor) => {
      return custom.checkPermission({ user: who, operation, resource: foreign })
    }
    expect(await ask(READ_AUDIT)).toBe(true)
    expect(await ask(READ_RUN)).toBe(true)
    expect(await ask(RESOLVE_APPROVAL)).toBe(false)
    expect(await ask(READ_AUDIT, admin)).toBe(true)
  })

  it('lets an app take everything away from admin and from users', async () => {
    const closed = new ProductionAuthorizationPolicy({ roles: { admin: [] }, authenticated: [] })
    for (const operation of ALL_OPERATIONS) {
      expect(await closed.checkPermission({ user: admin, operation })).toBe(false)
    }
  })

  it('can be extended: machines get fewer operations than people', async () => {
    class MachinePolicy extends ProductionAuthorizationPolicy {
      override async checkPermission(request: AuthorizationRequest): Promise<boolean> {
        const isMachine = request.user?.metadata['type'] === 'm2m'
        if (isMachine && request.operation === RESOLVE_APPROVAL) return false
        return super.checkPermission(request)
      }
    }
    const machine = { ...admin, metadata: { type: 'm2m' } }
    const extended = new MachinePolicy()
    const ask = (who: AuthUser, operation: Operation) => {
      return extended.checkPermission({ user: who, operation })
    }
    expect(await ask(machine, RESOLVE_APPROVAL)).toBe(false)
    expect(await ask(machine, READ_AUDIT)).toBe(true)
    expect(await ask(admin, RESOLVE_APPROVAL)).toBe(true)
  })

  it('refuses an operation that does not exist at construction', () => {
    const roles = { auditor: ['audit:raed' as Operation] }
    expect(() => new ProductionAuthorizationPolicy({ roles })).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIGURATION' }),
    )
  })
})
