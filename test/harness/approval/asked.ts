import { expect } from 'vitest'
import type { ApprovalRequest } from '../../../harness/approval/approval-request.ts'
import { ApprovalRule, type ApprovalRuleOptions } from '../../../harness/approval/approval-rule.ts'
import {
  type ApprovalInput,
  ApprovalWorkflow,
  type ApprovalWorkflowOptions,
} from '../../../harness/approval/approval-workflow.ts'
import { MemoryApprovalStore } from '../../../harness/approval/memory-approval-store.ts'
import type { Requester } from '../../../harness/requester.ts'

/** Who asks, in these tests. */
export const clerk: Requester = { userId: 'clerk', roles: ['clerk'], tenantId: 'acme' }

/** Somebody of the requester's tenant. */
export function person(
  userId: string,
  roles: readonly string[] = ['admin'],
  groups?: readonly string[],
): Requester {
  return { userId, roles, tenantId: 'acme', ...(groups === undefined ? {} : { groups }) }
}

/** What {@link setUp} makes. */
export interface Setting {
  readonly time: { now: number }
  readonly store: MemoryApprovalStore
  readonly workflow: ApprovalWorkflow
  readonly input: ApprovalInput
  readonly rule: ApprovalRule
  request(): Promise<ApprovalRequest>
}

/** A workflow with a clock that stands still, and a rule that holds a refund. */
export function setUp(
  options: Partial<ApprovalRuleOptions> = {},
  more: Partial<ApprovalWorkflowOptions> = {},
): Setting {
  const rule = new ApprovalRule({
    name: 'gate',
    requireForActions: ['write'],
    approvers: [{ role: 'admin' }],
    timeoutMs: 1_000,
    ...options,
  })
  const time = { now: 5_000 }
  const store = new MemoryApprovalStore()
  const workflow = new ApprovalWorkflow({ store, clock: () => time.now, ...more })
  const input: ApprovalInput = {
    runId: 'run-1',
    endpoint: 'shop',
    rule,
    subject: {
      kind: 'call',
      seq: 0,
      tool: 'refund',
      argument: { order: 7, cents: 500 },
      requested: { order: 7, cents: 500 },
    },
    action: 'write',
    program: { source: 'a', code: 'b', hash: 'c' },
    plan: [],
    capabilities: [],
    requester: clerk,
  }
  return { time, store, workflow, input, rule, request: () => workflow.request(input) }
}

/** An error with this code. */
export function code(expected: string): unknown {
  return expect.objectContaining({ code: expected })
}
