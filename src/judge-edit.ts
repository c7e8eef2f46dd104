import {
  AgenticError,
  ApprovalError,
  type ApprovalRequest,
  type EditJudge,
  judgeArgument,
} from '../harness/index.ts'
import type { AgentEndpoint } from './agent-endpoint.ts'
import type { Store } from './store/open-store.ts'

/** What judging a changed argument works with. */
export interface JudgeEditOptions {
  readonly store: Store
  /** The endpoint as the program of the request's run meets it; `null` where it is not served here. */
  readonly endpointOf: (request: ApprovalRequest) => Promise<AgentEndpoint | null>
}

/** Judges arguments that approvers want calls to have: by the endpoint of the run, as of now. */
export function createEditJudge({ store, endpointOf }: JudgeEditOptions): EditJudge {
  return async (request, argument) => {
    const { runId, endpoint: name, requester, subject } = request
    const [endpoint, run] = await Promise.all([endpointOf(request), store.runs.get(runId)])
    const tool = endpoint?.tools.find((one) => subject.kind === 'call' && one.name === subject.tool)
    if (endpoint === null || run === null || tool === undefined) {
      throw new ApprovalError(
        'ERR_APPROVAL_CONFLICT',
        'The tool is no longer granted here, so no argument of it can be judged',
      )
    }
    // Taken through JSON once: what code hands over may have getters, prototypes or functions.
    const given = JSON.parse(JSON.stringify(argument))
    const judged = await judgeArgument({ tool, argument: given }, endpoint.policies, {
      ...{ runId, endpoint: name, requester },
      action: run.action,
      tools: new Map(endpoint.tools.map((one) => [one.name, one])),
      signal: AbortSignal.timeout(endpoint.limits.timeoutMs),
    })
    switch (judged.kind) {
      case 'passed':
        return judged.argument
      case 'invalid':
        throw new AgenticError(
          'ERR_REQUEST_INVALID',
          `The changed argument does not fit the tool's schema: ${judged.problems.join('; ')}`,
        )
      case 'denied': {
        const reasons = judged.violations.map(({ message }) => message).join('; ')
        throw new AgenticError('ERR_POLICY_VIOLATION', `The changed argument is denied: ${reasons}`)
      }
    }
  }
}
