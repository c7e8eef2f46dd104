import { type AgenticApp, ApprovalRule, type AuthUser } from '../../src/index.ts'
import { createTestApp, testUser } from '../../src/testing/index.ts'
import { type CountingTool, countingTool } from './counting-tool.ts'

/** Who asks, in tests of approvals. */
export const author: AuthUser = testUser('author')
/** Who may decide. */
export const admin: AuthUser = testUser('admin', { roles: ['admin'] })

/** A program that reads, then writes what it has computed from what it read. */
export const PAY = `const seen = await tools.look({ amount: 1 })
const paid = await tools.pay({ amount: 20 + seen.times })
return { seen, paid }`

/** How a till is set up. */
export interface TillOptions {
  /** What the model answers with. */
  readonly program: string
  readonly rule?: Partial<ConstructorParameters<typeof ApprovalRule>[0]>
  readonly store?: string
  readonly clock?: () => number
}

/** An app with one endpoint whose writes an admin must approve. */
export interface Till {
  readonly app: AgenticApp
  readonly pay: CountingTool
  readonly look: CountingTool
  run(): ReturnType<AgenticApp['run']>
}

/** Sets up a till; whoever does closes its app. */
export function createTill(options: TillOptions): Till {
  const pay = countingTool()
  const look = countingTool({ name: 'look', readOnly: true })
  const app = createTestApp(() => `\`\`\`js\n${options.program}\n\`\`\``, {
    store: options.store ?? ':memory:',
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  })
  app.agentEndpoint({
    name: 'till',
    public: true,
    execute: true,
    tools: [pay.tool, look.tool],
    approval: [
      new ApprovalRule({
        name: 'write_gate',
        requireForActions: ['write'],
        approvers: [{ role: 'admin' }],
        ...options.rule,
      }),
    ],
  })
  const run = () => app.run({ endpoint: 'till', intent: 'Pay', user: author })
  return { app, run, pay, look }
}
