import type { JsonObject, JsonValue } from '../../harness/index.ts'

/** Who is calling, as a verifier established it. Frozen through and through. */
export interface AuthUser {
  /** Stable and unique within the app; owns runs and appears in the audit record. */
  readonly userId: string
  /** For people to read. Never used to decide anything. */
  readonly username?: string
  readonly roles: readonly string[]
  /** Groups of people within the tenant, for approvers that are a group. Absent means none. */
  readonly groups?: readonly string[]
  readonly scopes: readonly string[]
  /** Absent means "in no tenant", which is not a tenant that others share. */
  readonly tenantId?: string
  /** Whatever else the verifier knows, as JSON. */
  readonly metadata: JsonObject
}

/** What a verifier answers with: an {@link AuthUser} whose lists and metadata may be left out. */
export interface ClaimedUser {
  readonly userId: string
  readonly username?: string | undefined
  readonly roles?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
  readonly scopes?: readonly string[] | undefined
  readonly tenantId?: string | undefined
  readonly metadata?: { readonly [key: string]: unknown } | undefined
}

/** A user, or the field that made the claim unusable. */
export type UserReading =
  | { readonly ok: true; readonly user: AuthUser }
  | { readonly ok: false; readonly field: string }

const FIELDS = new Set(['userId', 'username', 'roles', 'groups', 'scopes', 'tenantId', 'metadata'])
const MAX_NAME_LENGTH = 256
const MAX_LIST_LENGTH = 1_000

/**
 * Reads what a verifier answered. Unknown fields are refused: a `tenant` that should have been
 * `tenantId` would otherwise silently take a user out of their tenant.
 */
export function readUser(claimed: unknown): UserReading {
  if (typeof claimed !== 'object' || claimed === null) return { ok: false, field: '(answer)' }
  const fields: Record<string, unknown> = { ...claimed }
  const unknownField = Object.keys(fields).find((name) => !FIELDS.has(name))
  if (unknownField !== undefined) return { ok: false, field: unknownField }

  const { userId, username, tenantId } = fields as { [name in keyof AuthUser]?: unknown }
  const roles = readNames(fields['roles'])
  const groups = readNames(fields['groups'])
  const scopes = readNames(fields['scopes'])
  const metadata = readMetadata(fields['metadata'])
  if (!isName(userId)) return { ok: false, field: 'userId' }
  if (username !== undefined && !isName(username)) return { ok: false, field: 'username' }
  if (tenantId !== undefined && !isName(tenantId)) return { ok: false, field: 'tenantId' }
  if (roles === null) return { ok: false, field: 'roles' }
  if (groups === null) return { ok: false, field: 'groups' }
  if (scopes === null) return { ok: false, field: 'scopes' }
  if (metadata === null) return { ok: false, field: 'metadata' }

  const user: AuthUser = {
    userId,
    ...(username === undefined ? {} : { username }),
    roles,
    ...(fields['groups'] === undefined ? {} : { groups }),
    scopes,
    ...(tenantId === undefined ? {} : { tenantId }),
    metadata,
  }
  return { ok: true, user: Object.freeze(user) }
}

function isName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= MAX_NAME_LENGTH &&
    value.isWellFormed() &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
    !/[\u0000-\u001f\u007f]/.test(value)
  )
}

function readNames(value: unknown): readonly string[] | null {
  if (value === undefined) return Object.freeze([])
  if (!Array.isArray(value) || value.length > MAX_LIST_LENGTH || !value.every(isName)) return null
  return Object.freeze([...value])
}

function readMetadata(value: unknown): JsonObject | null {
  if (value === undefined) return Object.freeze({})
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  try {
    const copy: JsonObject = JSON.parse(JSON.stringify(value))
    return typeof copy === 'object' && copy !== null && !Array.isArray(copy) ? freeze(copy) : null
  } catch {
    // A cycle, a BigInt, or nesting that exhausts the stack: not JSON.
    return null
  }
}

function freeze<T extends JsonValue>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const child of Object.values(value)) freeze(child)
  return Object.freeze(value)
}
