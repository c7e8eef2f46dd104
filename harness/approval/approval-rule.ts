import { ConfigurationError } from '../errors.ts'
import type { JsonValue } from '../json-value.ts'
import type { Action, Requester } from '../requester.ts'
import { refuseUnknownOptions } from '../unknown-options.ts'
import type { Approver } from './approval-request.ts'
import { nameOfApprover } from './quorum.ts'

/** What an {@link ApprovalRule} is made of. */
export interface ApprovalRuleOptions {
  /** Shown to approvers; unique within an endpoint. */
  readonly name: string
  /**
   * `write` holds each call of a tool that is not `readOnly`, with its real arguments; `execute` holds
   * a program the caller brought before it runs; `read` holds every program before it runs.
   */
  readonly requireForActions?: readonly Action[]
  /** Holds a program whose intent falls in one of these domains, or in none that is known, before it runs. */
  readonly requireForDomains?: readonly string[]
  /** Holds each call of these tools, `readOnly` or not. */
  readonly requireForTools?: readonly string[]
  /**
   * Which of the calls that the rule names it holds, by what would really reach the tool, an approver's
   * changes included. Only `false` lets a call go; one that throws, or answers anything else, holds it.
   * For rules that hold calls alone.
   */
  readonly when?: (call: HeldCallQuestion) => boolean | Promise<boolean>
  /** Who may decide. Never empty. */
  readonly approvers: readonly Approver[]
  /** How many different people must say yes. Default 1. */
  readonly quorum?: number
  /** Every entry of `approvers` must say yes, each through a different person. Default false. */
  readonly requireAll?: boolean
  /** How long a request stays open, in milliseconds. Default 1 800 000 (30 minutes). */
  readonly timeoutMs?: number
  /**
   * Lets the requester decide their own request, and whoever changed an argument approve it, if they are
   * an approver. Default false: four eyes.
   */
  readonly allowSelf?: boolean
  /**
   * More approvers, added when nobody has decided after `escalateAfterMs`: the state is then `escalated`,
   * no longer `pending`, and the request still open.
   */
  readonly escalateTo?: readonly Approver[]
  /** Milliseconds after creation; less than `timeoutMs`. Required with `escalateTo`. */
  readonly escalateAfterMs?: number
  /** How long it stays open from then on, in milliseconds. Default what is left of `timeoutMs`. */
  readonly escalationTimeoutMs?: number
}

/** What {@link ApprovalRuleOptions.when} is asked about: one call that has passed every other gate. */
export interface HeldCallQuestion {
  readonly tool: string
  readonly argument: JsonValue
  readonly requester: Requester | null
}

/**
 * Says which programs and which tool calls wait for a person, and for whom.
 *
 * @throws {ConfigurationError} At construction, naming the field: no name, nothing required, no
 * approver, an approver that is not exactly `{ role }`, `{ group }` or `{ userId }`, more people needed than
 * are listed, a time that is not positive, an escalation that is not earlier than the timeout, a predicate
 * on a rule that holds programs, an option that does not exist.
 *
 * @example
 * ```ts
 * new ApprovalRule({ name: 'write_gate', requireForActions: ['write'], approvers: [{ role: 'admin' }] })
 * ```
 */
export class ApprovalRule {
  readonly name: string
  readonly requireForActions: readonly Action[]
  readonly requireForDomains: readonly string[]
  readonly requireForTools: readonly string[]
  readonly approvers: readonly Approver[]
  readonly when: ApprovalRuleOptions['when'] | null
  /** `'all'` for `requireAll`. */
  readonly quorum: number | 'all'
  readonly timeoutMs: number
  readonly allowSelf: boolean
  readonly escalation: {
    readonly to: readonly Approver[]
    readonly afterMs: number
    readonly timeoutMs: number
  } | null

  constructor(options: ApprovalRuleOptions) {
    if (typeof options !== 'object' || options === null) {
      throw new ConfigurationError(
        'ApprovalRule needs an options object with at least name and approvers',
      )
    }
    refuseUnknownOptions('ApprovalRule', options, OPTION_NAMES)
    this.name = readName(options.name)
    this.requireForActions = readActions(options.requireForActions)
    this.requireForDomains = readNames('requireForDomains', options.requireForDomains)
    this.requireForTools = readNames('requireForTools', options.requireForTools)
    const required = [this.requireForActions, this.requireForDomains, this.requireForTools]
    if (required.every((list) => list.length === 0)) {
      throw new ConfigurationError(
        `ApprovalRule "${this.name}" requires nothing: set requireForActions, requireForDomains or requireForTools`,
      )
    }
    this.when = this.#readPredicate(options.when)
    this.approvers = readApprovers('approvers', options.approvers)
    this.quorum = readQuorum(options, this.approvers)
    this.timeoutMs = readMilliseconds('timeoutMs', options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
    if (options.allowSelf !== undefined && typeof options.allowSelf !== 'boolean') {
      throw new ConfigurationError('ApprovalRule allowSelf must be true or false')
    }
    this.allowSelf = options.allowSelf ?? false
    this.escalation = readEscalation(options, this.timeoutMs)
    Object.freeze(this)
  }

  /**
   * Whether a program must wait before it runs. With `requireForDomains`, a program whose domain is not
   * known waits too: otherwise a caller could leave the domain out to get past the rule.
   */
  matchesProgram(subject: ProgramSubject): boolean {
    if (this.requireForActions.includes('read')) return true
    const isBrought = subject.entrance === 'execute' || subject.action === 'execute'
    if (isBrought && this.requireForActions.includes('execute')) return true
    if (this.requireForDomains.length === 0) return false
    const { domain } = subject
    if (domain === undefined || domain === ANY_DOMAIN) return true
    return this.requireForDomains.includes(fold(domain))
  }

  /** Whether the rule names this tool's calls; {@link holds} says whether it holds a particular one. */
  matchesCall(subject: CallSubject): boolean {
    const { name, readOnly } = subject.tool
    return (
      (!readOnly && this.requireForActions.includes('write')) || this.requireForTools.includes(name)
    )
  }

  /** Whether one call must wait before it goes out. Whoever cannot say so asks. */
  async holds(call: CallSubject & Omit<HeldCallQuestion, 'tool'>): Promise<boolean> {
    if (!this.matchesCall(call)) return false
    if (this.when === null || this.when === undefined) return true
    const { tool, argument, requester } = call
    try {
      // A copy: a predicate that changes what it looks at changes nothing of the call.
      const answer: unknown = await this.when({
        tool: tool.name,
        argument: structuredClone(argument),
        requester,
      })
      return answer !== false
    } catch {
      return true
    }
  }

  #readPredicate(when: unknown): ApprovalRuleOptions['when'] | null {
    if (when === undefined) return null
    if (typeof when !== 'function') {
      throw new ConfigurationError('ApprovalRule when must be a function of a call')
    }
    const holdsPrograms =
      this.requireForDomains.length > 0 ||
      this.requireForActions.some((action) => action !== 'write')
    if (!holdsPrograms) return when as ApprovalRuleOptions['when']
    throw new ConfigurationError(
      `ApprovalRule "${this.name}" has \`when\`, which looks at calls, and holds whole programs: make two rules of it`,
    )
  }
}

/** What {@link ApprovalRule.matchesProgram} looks at. */
export interface ProgramSubject {
  /** The effective action of the run. */
  readonly action: Action
  /**
   * What the intent is about: `''` is none of the known domains, `'*'` could be any of them. Absent when
   * nobody said, as for a program the caller brought.
   */
  readonly domain?: string
  readonly entrance: 'intent' | 'execute'
}

/** What {@link ApprovalRule.matchesCall} looks at. */
export interface CallSubject {
  readonly tool: { readonly name: string; readonly readOnly: boolean }
}

const DEFAULT_TIMEOUT_MS = 1_800_000

const ANY_DOMAIN = '*'

const ACTIONS: readonly unknown[] = ['read', 'write', 'execute'] satisfies readonly Action[]

const OPTION_NAMES: readonly (keyof ApprovalRuleOptions)[] = [
  'name',
  'requireForActions',
  'requireForDomains',
  'requireForTools',
  'when',
  'approvers',
  'quorum',
  'requireAll',
  'timeoutMs',
  'allowSelf',
  'escalateTo',
  'escalateAfterMs',
  'escalationTimeoutMs',
]

function readName(value: unknown): string {
  if (isText(value)) return value
  throw new ConfigurationError('ApprovalRule name must be a non-empty string')
}

function readActions(value: unknown): readonly Action[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every(isAction)) return Object.freeze([...value])
  throw new ConfigurationError(
    "ApprovalRule requireForActions must be an array of 'read', 'write' and 'execute'",
  )
}

function readNames(field: string, value: unknown): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every(isText)) {
    return Object.freeze(value.map(field === 'requireForDomains' ? fold : (name) => name))
  }
  throw new ConfigurationError(`ApprovalRule ${field} must be an array of non-empty strings`)
}

function readApprovers(field: string, value: unknown): readonly Approver[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new ConfigurationError(
      `ApprovalRule ${field} must name at least one approver, for example [{ role: 'admin' }]`,
    )
  }
  return Object.freeze(value.map((entry: unknown) => readApprover(field, entry)))
}

function readApprover(field: string, entry: unknown): Approver {
  if (typeof entry === 'string') {
    throw new ConfigurationError(
      `ApprovalRule ${field} holds a bare string, which could be a role or a user: write { role: '…' }, { group: '…' } or { userId: '…' }`,
    )
  }
  if (typeof entry === 'object' && entry !== null && Object.keys(entry).length === 1) {
    if ('role' in entry && isText(entry.role)) return Object.freeze({ role: entry.role })
    if ('group' in entry && isText(entry.group)) return Object.freeze({ group: entry.group })
    if ('userId' in entry && isText(entry.userId)) return Object.freeze({ userId: entry.userId })
  }
  throw new ConfigurationError(
    `ApprovalRule ${field} takes entries that are exactly { role }, { group } or { userId } with a non-empty string`,
  )
}

function readQuorum(
  { quorum, requireAll }: ApprovalRuleOptions,
  approvers: readonly Approver[],
): number | 'all' {
  if (requireAll !== undefined && typeof requireAll !== 'boolean') {
    throw new ConfigurationError('ApprovalRule requireAll must be true or false')
  }
  if (requireAll === true) {
    if (quorum !== undefined) {
      throw new ConfigurationError('ApprovalRule takes quorum or requireAll, not both')
    }
    refuseUnreachable('requireAll', approvers.length, reachableOf(approvers))
    return 'all'
  }
  if (quorum === undefined) return 1
  if (typeof quorum !== 'number' || !Number.isSafeInteger(quorum) || quorum < 1) {
    throw new ConfigurationError('ApprovalRule quorum must be a positive whole number of people')
  }
  // A role or a group has any number of people.
  const hasOnlyUsers = approvers.every((approver) => 'userId' in approver)
  if (hasOnlyUsers) refuseUnreachable('quorum', quorum, reachableOf(approvers))
  return quorum
}

/** A user is one person, however often they are named. */
function reachableOf(approvers: readonly Approver[]): number {
  const users = approvers.filter((approver) => 'userId' in approver)
  return approvers.length - users.length + new Set(users.map(nameOfApprover)).size
}

function refuseUnreachable(field: string, needed: number, reachable: number): void {
  if (needed <= reachable) return
  throw new ConfigurationError(
    `ApprovalRule ${field} needs ${needed} different people and the approvers name ${reachable}`,
  )
}

function readEscalation(
  options: ApprovalRuleOptions,
  timeoutMs: number,
): ApprovalRule['escalation'] {
  const { escalateTo, escalateAfterMs, escalationTimeoutMs } = options
  if (escalateTo === undefined && escalateAfterMs === undefined) {
    if (escalationTimeoutMs === undefined) return null
    throw new ConfigurationError('ApprovalRule escalationTimeoutMs needs escalateTo')
  }
  if (escalateTo === undefined || escalateAfterMs === undefined) {
    throw new ConfigurationError(
      'ApprovalRule escalateTo and escalateAfterMs are set together or not at all',
    )
  }
  const to = readApprovers('escalateTo', escalateTo)
  const afterMs = readMilliseconds('escalateAfterMs', escalateAfterMs)
  if (afterMs >= timeoutMs) {
    throw new ConfigurationError('ApprovalRule escalateAfterMs must be less than timeoutMs')
  }
  const left = escalationTimeoutMs ?? timeoutMs - afterMs
  return Object.freeze({ to, afterMs, timeoutMs: readMilliseconds('escalationTimeoutMs', left) })
}

function readMilliseconds(field: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw new ConfigurationError(
    `ApprovalRule ${field} must be a positive whole number of milliseconds`,
  )
}

function isAction(value: unknown): value is Action {
  return ACTIONS.includes(value)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** A model names the domain, so case and outer spaces do not decide whether somebody is asked. */
function fold(domain: string): string {
  return domain.trim().toLowerCase()
}
