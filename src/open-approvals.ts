import {
  ApprovalMandates,
  type ApprovalRequest,
  ApprovalWorkflow,
  type Logger,
  type MandateUse,
  type Requester,
} from '../harness/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import type { ApprovalEvents } from './approval-events.ts'
import type { AuthorizationPolicy } from './authorization/authorization-policy.ts'
import { Operation } from './authorization/operation.ts'
import { createEditJudge } from './judge-edit.ts'
import type { Notifier } from './notifiers/notifier.ts'
import { Outbox } from './notifiers/outbox.ts'
import type { ClaimedUser } from './security/auth-user.ts'
import type { Store } from './store/open-store.ts'
import { vouchedUser } from './vouched-user.ts'

/** What the approvals of an app are made from. */
export interface OpenApprovalsOptions {
  readonly store: Store
  readonly authorization: AuthorizationPolicy
  readonly notifiers: readonly Notifier[]
  readonly events: ApprovalEvents
  /** The endpoint as the program of the request's run meets it; `null` where it is not served here. */
  readonly endpointOf: (request: ApprovalRequest) => Promise<AgentEndpoint | null>
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly logger: Logger
}

/** Everything that takes requests through their states and tells people of them. */
export interface OpenedApprovals {
  readonly workflow: ApprovalWorkflow
  readonly mandates: ApprovalMandates
  /** Looks for what others have written, and tells what is due. Call it every second or so. */
  sweep(): void
  /** Stops telling; what has not been told stays in the outbox. */
  close(): Promise<void>
}

const DAY_MS = 86_400_000
/** How often what is over is forgotten. */
const SWEEPS_TO_FORGET = 3_600

/** Connects approvals with their store, the authorization policy, and those who are told. */
export function openApprovals(options: OpenApprovalsOptions): OpenedApprovals {
  const { store, events, clock, logger, notifiers, endpointOf } = options
  const outbox = new Outbox({ store: store.approvalEvents, notifiers, clock, logger })
  const mandates = new ApprovalMandates({
    store: store.mandates,
    clock,
    logger,
    mayStillDecide: (approver, use) => mayDecide(options.authorization, approver, use),
  })
  const tell = () => {
    events.look()
    outbox.send()
  }
  const workflow = new ApprovalWorkflow({
    store: store.approvals,
    clock,
    mandates,
    judgeEdit: createEditJudge({ store, endpointOf }),
    onChange: tell,
  })
  let sweeps = 0
  return {
    workflow,
    mandates,
    sweep() {
      tell()
      sweeps += 1
      if (sweeps % SWEEPS_TO_FORGET !== 1) return
      store.approvalEvents.forgetBefore(clock() - DAY_MS).catch((error: unknown) => {
        logger.error({ err: error }, 'Old news of approvals could not be forgotten')
      })
    },
    async close() {
      await outbox.close()
      await events.idle()
    },
  }
}

/** Whether the policy of now lets an approver of before decide such a request. */
async function mayDecide(
  authorization: AuthorizationPolicy,
  approver: Requester,
  { requester, approvers }: MandateUse,
): Promise<boolean> {
  return authorization.checkPermission({
    // As they were when they gave the mandate, with everything their verifier had said of them.
    user: vouchedUser(approver as ClaimedUser),
    operation: Operation.RESOLVE_APPROVAL,
    resource: {
      ...(requester === null ? {} : { ownerId: requester.userId }),
      ...(requester?.tenantId === undefined ? {} : { tenantId: requester.tenantId }),
      approvers,
    },
  })
}
