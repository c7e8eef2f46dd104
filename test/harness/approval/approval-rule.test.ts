import { describe, expect, it } from 'vitest'
import {
  ApprovalRule,
  type ApprovalRuleOptions,
  type CallSubject,
  type ProgramSubject,
} from '../../../harness/approval/approval-rule.ts'

const base: ApprovalRuleOptions = {
  name: 'gate',
  requireForActions: ['write'],
  approvers: [{ role: 'admin' }],
}

const refused: Record<string, [options: unknown, message: RegExp]> = {
  'no options': [undefined, /options/],
  'no name': [{ ...base, name: undefined }, /name/],
  'an empty name': [{ ...base, name: ' ' }, /name/],
  'nothing required': [{ ...base, requireForActions: [] }, /requires nothing/],
  'an action that does not exist': [
    { ...base, requireForActions: ['delete'] },
    /requireForActions/,
  ],
  'an action outside an array': [{ ...base, requireForActions: 'write' }, /requireForActions/],
  'an empty tool': [{ ...base, requireForTools: [''] }, /requireForTools/],
  'a domain that is no string': [{ ...base, requireForDomains: [1] }, /requireForDomains/],
  'no approvers': [{ ...base, approvers: [] }, /at least one approver/],
  'approvers left out': [{ ...base, approvers: undefined }, /at least one approver/],
  'a bare string as approver': [{ ...base, approvers: ['admin'] }, /write \{ role: '…' \}/],
  'an approver that is both': [{ ...base, approvers: [{ role: 'a', userId: 'b' }] }, /exactly/],
  'an approver that is neither': [{ ...base, approvers: [{ team: 'a' }] }, /exactly/],
  'an approver with an empty role': [{ ...base, approvers: [{ role: '' }] }, /exactly/],
  'an approver with a list of roles': [{ ...base, approvers: [{ role: ['a'] }] }, /exactly/],
  'an approver that is null': [{ ...base, approvers: [null] }, /exactly/],
  'a timeout of zero': [{ ...base, timeoutMs: 0 }, /timeoutMs/],
  'an endless timeout': [{ ...base, timeoutMs: Infinity }, /timeoutMs/],
  'a timeout in words': [{ ...base, timeoutMs: '30m' }, /timeoutMs/],
  'allowSelf in words': [{ ...base, allowSelf: 'no' }, /allowSelf/],
  'an escalation without a time': [{ ...base, escalateTo: [{ role: 'b' }] }, /together/],
  'an escalation to nobody': [{ ...base, escalateAfterMs: 5 }, /together/],
  'an escalation to a bare string': [
    { ...base, escalateTo: ['b'], escalateAfterMs: 5 },
    /escalateTo holds a bare string/,
  ],
  'an escalation at the timeout': [
    { ...base, timeoutMs: 10, escalateTo: [{ role: 'b' }], escalateAfterMs: 10 },
    /less than timeoutMs/,
  ],
  'an option that does not exist': [{ ...base, timeout: 5 }, /Unknown option "timeout"/],
}

describe('ApprovalRule at construction', () => {
  for (const [name, [options, message]] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      const build = () => new ApprovalRule(options as ApprovalRuleOptions)
      expect(build).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
      expect(build).toThrow(message)
    })
  }

  it('fills in the defaults', () => {
    const rule = new ApprovalRule(base)
    expect(rule).toMatchObject({ timeoutMs: 1_800_000, allowSelf: false, escalation: null })
    expect(rule).toMatchObject({ requireForDomains: [], requireForTools: [] })
  })

  it('keeps what it was given when the caller changes it afterwards', () => {
    const approvers = [{ role: 'admin' }]
    const rule = new ApprovalRule({ ...base, approvers })
    approvers.push({ role: 'everyone' })
    expect(rule.approvers).toEqual([{ role: 'admin' }])
    expect(() => Object.assign(rule, { allowSelf: true })).toThrow(TypeError)
  })
})

const programs: [rule: Partial<ApprovalRuleOptions>, subject: ProgramSubject, waits: boolean][] = [
  [{ requireForActions: ['execute'] }, { action: 'execute', entrance: 'execute' }, true],
  [{ requireForActions: ['execute'] }, { action: 'read', entrance: 'execute' }, true],
  [{ requireForActions: ['execute'] }, { action: 'write', entrance: 'intent' }, false],
  [{ requireForActions: ['write'] }, { action: 'write', entrance: 'intent' }, false],
  [{ requireForActions: ['write'] }, { action: 'execute', entrance: 'execute' }, false],
  [{ requireForActions: ['read'] }, { action: 'read', entrance: 'intent' }, true],
  [{ requireForActions: ['read'] }, { action: 'execute', entrance: 'execute' }, true],
  [
    { requireForDomains: ['Finance'] },
    { action: 'read', entrance: 'intent', domain: 'finance ' },
    true,
  ],
  [
    { requireForDomains: ['finance'] },
    { action: 'read', entrance: 'intent', domain: 'stock' },
    false,
  ],
  [{ requireForDomains: ['finance'] }, { action: 'execute', entrance: 'execute' }, true],
  [{ requireForTools: ['refund'] }, { action: 'write', entrance: 'intent' }, false],
]

describe('ApprovalRule.matchesProgram', () => {
  for (const [options, subject, waits] of programs) {
    const { requireForActions: _, ...rest } = base
    it(`${waits ? 'holds' : 'lets pass'} ${JSON.stringify(subject)} for ${JSON.stringify(options)}`, () => {
      expect(new ApprovalRule({ ...rest, ...options }).matchesProgram(subject)).toBe(waits)
    })
  }
})

const sql: CallSubject = { tool: { name: 'sql', readOnly: true } }
const refund: CallSubject = { tool: { name: 'refund', readOnly: false } }

const calls: [rule: Partial<ApprovalRuleOptions>, subject: CallSubject, waits: boolean][] = [
  [{ requireForActions: ['write'] }, refund, true],
  [{ requireForActions: ['write'] }, sql, false],
  [{ requireForActions: ['execute'] }, refund, false],
  [{ requireForActions: ['read'] }, sql, false],
  [{ requireForTools: ['sql'] }, sql, true],
  [{ requireForTools: ['sql'] }, refund, false],
  [{ requireForTools: ['SQL'] }, sql, false],
  [{ requireForDomains: ['finance'] }, refund, false],
]

describe('ApprovalRule.matchesCall', () => {
  for (const [options, subject, waits] of calls) {
    const { requireForActions: _, ...rest } = base
    it(`${waits ? 'holds' : 'lets pass'} ${subject.tool.name} for ${JSON.stringify(options)}`, () => {
      expect(new ApprovalRule({ ...rest, ...options }).matchesCall(subject)).toBe(waits)
    })
  }
})
