import type { AgenticApp, AuthUser, RunOutcome } from '../../src/index.ts'
import { SHOP_REPLIES } from './shop-replies.ts'

/** Where the tour writes to. */
export interface Page {
  heading(text: string): void
  line(text: string): void
}

/** Plays every recorded question, and has the refund approved by an admin. */
export async function playTour(
  app: AgenticApp,
  people: { readonly analyst: AuthUser; readonly admin: AuthUser },
  page: Page,
): Promise<void> {
  for (const [index, { question }] of SHOP_REPLIES.entries()) {
    page.heading(`${index + 1}. ${question}`)
    const outcome = await app.run({ endpoint: 'analytics', intent: question, user: people.analyst })
    showProgram(outcome, page)
    showOutcome(outcome, page)
    if (outcome.approvalId !== undefined) await approve(app, outcome, people.admin, page)
  }
}

async function approve(
  app: AgenticApp,
  { approvalId = '', runId }: RunOutcome,
  admin: AuthUser,
  page: Page,
): Promise<void> {
  const request = await app.approvals.get(approvalId)
  if (request?.subject.kind === 'call') {
    page.line(
      `  held for a person: ${request.subject.tool} ${JSON.stringify(request.subject.argument)}`,
    )
  }
  await app.approvals.resolve(approvalId, { approve: true, approver: admin, reason: 'checked' })
  page.line(`  approved by ${admin.userId}; the run goes on`)
  showOutcome(await app.runs.wait(runId), page)
}

function showProgram({ program }: RunOutcome, page: Page): void {
  if (program === undefined) return
  for (const line of program.source.trimEnd().split('\n')) page.line(`  | ${line}`)
}

function showOutcome(outcome: RunOutcome, page: Page): void {
  const { wallMs } = outcome.usage
  page.line(`  ${outcome.status}${wallMs > 0 ? ` in ${Math.round(wallMs)} ms` : ''}`)
  if (outcome.error !== undefined) {
    page.line(`  ${outcome.error.code}`)
    const { findings } = outcome.error
    for (const { line, message, hint } of findings) {
      page.line(`  line ${line ?? '?'}: ${message}${hint === undefined ? '' : `. ${hint}`}`)
    }
    if (findings.length === 0) page.line(`  ${outcome.error.message}`)
  }
  if (outcome.result === undefined) return
  const rows = Array.isArray(outcome.result) ? outcome.result : [outcome.result]
  for (const row of rows.slice(0, 8)) page.line(`  ${JSON.stringify(row)}`)
}
