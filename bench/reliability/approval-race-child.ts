// One of the processes of `approval-race.ts`: decides one request many times at once.
import { once } from 'node:events'
import { AgenticError, ApprovalWorkflow } from '../../harness/index.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { RaceOrder, RaceReport } from './approval-race.ts'

process.send?.('ready')
const [order] = (await once(process, 'message')) as [RaceOrder]
const store = await openStore(order.location)
const workflow = new ApprovalWorkflow({ store: store.approvals, clock: Date.now })
const begin = performance.now()
const answers = await Promise.allSettled(
  Array.from({ length: order.count }, (_, i) =>
    workflow.resolve(order.approvalId, {
      approve: true,
      approver: { userId: `${order.name}-${i}`, roles: ['admin'] },
    }),
  ),
)
const milliseconds = Math.round(performance.now() - begin)
const codes = answers.map((answer) =>
  answer.status === 'fulfilled'
    ? 'won'
    : answer.reason instanceof AgenticError
      ? answer.reason.code
      : String(answer.reason),
)
const others: { [code: string]: number } = {}
for (const code of codes) {
  if (code !== 'won' && code !== 'ERR_APPROVAL_CONFLICT') others[code] = (others[code] ?? 0) + 1
}
await store.close()
process.send?.({
  won: codes.filter((code) => code === 'won').length,
  conflicts: codes.filter((code) => code === 'ERR_APPROVAL_CONFLICT').length,
  ...{ others, milliseconds },
} satisfies RaceReport)
