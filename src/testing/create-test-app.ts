import { ScriptedModel } from '../../runtime/index.ts'
import { AgenticApp, type AgenticAppOptions } from '../agentic-app.ts'
import type { AuthUser } from '../security/auth-user.ts'

/**
 * An app for tests: everything real, kept in memory, with the best isolation this machine gives and a
 * model that answers from a script.
 *
 * @param replies - What the model answers, in order.
 *
 * @example
 * ```ts
 * const app = createTestApp(['```js\nreturn 6 * 7\n```'])
 * app.agentEndpoint({ name: 'sums', public: true })
 * const { result } = await app.run({ endpoint: 'sums', intent: 'Six times seven?' }) // 42
 * await app.close()
 * ```
 */
export function createTestApp(
  replies: ConstructorParameters<typeof ScriptedModel>[0] = [],
  options: Partial<AgenticAppOptions> = {},
): AgenticApp {
  return new AgenticApp({
    title: 'Test',
    store: ':memory:',
    model: new ScriptedModel(replies),
    sandbox: { isolation: { minimum: 'best' }, pool: { min: 1 } },
    ...options,
  })
}

/** A user for tests; roles, groups and tenant as given, nothing else. */
export function testUser(
  userId: string,
  options: {
    readonly roles?: readonly string[]
    readonly groups?: readonly string[]
    readonly tenantId?: string
  } = {},
): AuthUser {
  const { roles = [], groups, tenantId } = options
  return Object.freeze({
    userId,
    roles,
    ...(groups === undefined ? {} : { groups }),
    scopes: [],
    metadata: {},
    ...(tenantId === undefined ? {} : { tenantId }),
  })
}
