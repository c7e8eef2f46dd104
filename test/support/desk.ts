import {
  type AgenticApp,
  type ApprovalRequest,
  ApprovalRule,
  type AuthorizationRequest,
  type AuthUser,
  defineTool,
  jsonSchema,
  type Policy,
  ProductionAuthorizationPolicy,
  type RunOutcome,
  type Tool,
} from '../../src/index.ts'
import { createTestApp, testUser } from '../../src/testing/index.ts'

/** Who asks. */
export const author: AuthUser = testUser('author')
/** Two who may decide. */
export const ada: AuthUser = testUser('ada', { roles: ['admin'] })
export const bob: AuthUser = testUser('bob', { roles: ['admin'] })
/** Who decides about much money. */
export const cfo: AuthUser = testUser('cfo', { groups: ['finance'] })

/** What the desk's tools take. */
export interface Refund {
  readonly order: number
  readonly cents: number
}

/** An app whose refunds are held by what they come to: more than 100, and more than 10 000. */
export interface Desk {
  readonly app: AgenticApp
  /** What reached the tools. */
  readonly made: Refund[]
  /** Whose word is no longer good. */
  readonly dismissed: Set<string>
  execute(code: string, user?: AuthUser): Promise<RunOutcome>
  /** The open requests of a run, in the order in which its calls were made. */
  asked(runId: string): Promise<readonly ApprovalRequest[]>
}

const noThirteen: Policy = {
  name: 'orders',
  evaluateToolCall: ({ argument }) =>
    refundOf(argument).order === 13
      ? [{ ruleId: 'no-13', source: 'orders', severity: 'violation', message: 'Not order 13' }]
      : [],
}

/** Opens a desk; whoever does closes its app. */
export function openDesk(options: Parameters<typeof createTestApp>[1] = {}): Desk {
  const made: Refund[] = []
  const dismissed = new Set<string>()
  const app = createTestApp([], { authorization: new Dismissing(dismissed), ...options })
  app.agentEndpoint({
    name: 'desk',
    public: true,
    execute: true,
    tools: [refundTool('refund', made), refundTool('wipe', made, 'always')],
    policies: [noThirteen],
    // None of this is about how fast a machine is.
    limits: { timeoutMs: 60_000 },
    approval: [
      new ApprovalRule({
        name: 'money',
        requireForTools: ['refund'],
        when: ({ argument }) => refundOf(argument).cents > 100,
        approvers: [{ role: 'admin' }],
      }),
      new ApprovalRule({
        name: 'much-money',
        requireForTools: ['refund'],
        when: ({ argument }) => refundOf(argument).cents > 10_000,
        approvers: [{ group: 'finance' }],
      }),
    ],
  })
  return {
    ...{ app, made, dismissed },
    execute: (code, user = author) => app.execute({ endpoint: 'desk', code, user }),
    async asked(runId) {
      const all = await app.approvals.list({ runId, limit: 1_000 })
      return all.filter(({ state }) => state === 'pending').reverse()
    },
  }
}

function refundTool(name: string, made: Refund[], approval?: 'always'): Tool {
  return defineTool({
    name,
    description: 'Pays an order back',
    input: jsonSchema<Refund>({
      type: 'object',
      properties: { order: { type: 'integer' }, cents: { type: 'integer', minimum: 1 } },
      required: ['order', 'cents'],
      additionalProperties: false,
    }),
    readOnly: false,
    ...(approval === undefined ? {} : { approval }),
    run(argument) {
      made.push(argument)
      return { paid: argument.cents }
    },
  })
}

function refundOf(argument: unknown): Refund {
  return argument as Refund
}

class Dismissing extends ProductionAuthorizationPolicy {
  readonly #dismissed: ReadonlySet<string>

  constructor(dismissed: ReadonlySet<string>) {
    super()
    this.#dismissed = dismissed
  }

  override async checkPermission(request: AuthorizationRequest): Promise<boolean> {
    if (this.#dismissed.has(request.user?.userId ?? '')) return false
    return super.checkPermission(request)
  }
}
