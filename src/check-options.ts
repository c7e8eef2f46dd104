import { ApprovalRule, ConfigurationError, refuseUnknownOptions } from '../harness/index.ts'
import { Authenticator } from './security/authenticator.ts'

/**
 * Checks what TypeScript would, for those who write JavaScript: an option of the wrong kind would be one
 * that nobody enforces.
 *
 * @param where - Whose options they are, for the message.
 * @throws {ConfigurationError} Names the option and what it takes.
 */
export function checkScopeOptions(where: string, options: object): void {
  const fields = { ...options } as Record<string, unknown>
  const { auth, policies, approval, validators, typeCheck, repairRounds } = fields
  if (auth !== undefined && !(auth instanceof Authenticator)) {
    refuse(where, 'auth', 'a `new Authenticator({ scheme, verify })`')
  }
  checkList(where, 'policies', policies, isPolicy, 'objects with `name` and a hook or a bound')
  checkList(where, 'approval', approval, isApprovalRule, '`new ApprovalRule({ … })`s')
  checkList(where, 'validators', validators, isValidator, 'objects with `name` and `validate`')
  if (typeCheck !== undefined && !TYPE_CHECKS.includes(typeCheck)) {
    refuse(where, 'typeCheck', "'off', 'warn' or 'repair'")
  }
  if (repairRounds !== undefined && !isCount(repairRounds, MAX_REPAIR_ROUNDS)) {
    refuse(where, 'repairRounds', `a whole number from 0 to ${MAX_REPAIR_ROUNDS}`)
  }
}

/** Checks the options that only an endpoint has; see {@link checkScopeOptions}. */
export function checkEndpointOptions(where: string, options: object): void {
  const fields = { ...options } as Record<string, unknown>
  for (const name of ['public', 'execute']) {
    if (fields[name] !== undefined && typeof fields[name] !== 'boolean') {
      refuse(where, name, 'true or false')
    }
  }
  checkList(
    where,
    'tools',
    fields['tools'],
    isTool,
    'tools of `defineTool`, or names of registered ones',
  )
  checkList(where, 'examples', fields['examples'], isExample, '{ intent, program } with two texts')
  const scope = fields['intentScope']
  if (scope === undefined) return
  if (typeof scope !== 'object' || scope === null) {
    refuse(where, 'intentScope', '{ actions?, domains? }')
  }
  refuseUnknownOptions(`intentScope of ${where}`, scope as object, ['actions', 'domains'])
  for (const [name, list] of Object.entries(scope as object)) {
    checkList(where, `intentScope.${name}`, list, (entry) => typeof entry === 'string', 'texts')
  }
}

function checkList(
  where: string,
  name: string,
  list: unknown,
  isRight: (entry: unknown) => boolean,
  kind: string,
): void {
  if (list === undefined) return
  if (!Array.isArray(list) || !list.every(isRight)) refuse(where, name, `a list of ${kind}`)
}

function refuse(where: string, name: string, kind: string): never {
  throw new ConfigurationError(`Option "${name}" of ${where} takes ${kind}`)
}

const TYPE_CHECKS: readonly unknown[] = ['off', 'warn', 'repair']
const MAX_REPAIR_ROUNDS = 10

function isCount(value: unknown, max: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= max
}

function isPolicy(entry: unknown): boolean {
  const { name, evaluateProgram, evaluateToolCall, maxResultRows } = Object(entry)
  const hooks = [evaluateProgram, evaluateToolCall].filter((hook) => hook !== undefined)
  return (
    typeof name === 'string' &&
    hooks.every((hook) => typeof hook === 'function') &&
    (hooks.length > 0 || typeof maxResultRows === 'number')
  )
}

function isApprovalRule(entry: unknown): boolean {
  return entry instanceof ApprovalRule
}

function isValidator(entry: unknown): boolean {
  const { name, validate } = Object(entry)
  return typeof name === 'string' && typeof validate === 'function'
}

function isTool(entry: unknown): boolean {
  if (typeof entry === 'string') return true
  const { name, input, readOnly, run } = Object(entry)
  const isChecked = typeof Object(input).validate === 'function'
  return (
    typeof name === 'string' &&
    isChecked &&
    typeof readOnly === 'boolean' &&
    typeof run === 'function'
  )
}

function isExample(entry: unknown): boolean {
  const { intent, program } = Object(entry)
  return typeof intent === 'string' && typeof program === 'string'
}
