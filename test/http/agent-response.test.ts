import { describe, expect, it } from 'vitest'
import type { ErrorCode, Finding } from '../../harness/index.ts'
import type { RunOutcome } from '../../src/run-outcome.ts'
import { outcomeOf, plainPort } from './plain-port.ts'
import { expectProblem, JSON_HEADERS, post, send } from './send.ts'

const finding: Finding = {
  ruleId: 'no-eval',
  source: 'analysis',
  severity: 'violation',
  message: 'eval is not allowed',
  line: 3,
  column: 7,
}

const answer = (outcome: RunOutcome): Promise<Response> => {
  return post(plainPort({ runIntent: async () => outcome }), '/agent/shop', '{"intent":"a"}')
}
const failed = (
  status: RunOutcome['status'],
  code: ErrorCode,
  message = 'It failed',
): RunOutcome => {
  return outcomeOf({ status, error: { code, message, findings: [] } })
}

describe('the answer to a run', () => {
  it('is 200 with result, program, findings and usage when it completed', async () => {
    const program = { source: 'return 1', language: 'js', hash: 'h' } as const
    const warning: Finding = { ...finding, severity: 'warning' }
    const outcome = outcomeOf({ result: { total: 1 }, program, findings: [warning] })
    const response = await answer(outcome)
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({
      runId: 'run-1',
      status: 'completed',
      result: { total: 1 },
      program,
      findings: [warning],
      usage: outcome.usage,
    })
  })

  it('has a result of null when the program returned nothing, and no program for handlers', async () => {
    const body = await (await answer(outcomeOf())).json()
    expect(body).toMatchObject({ result: null })
    expect(body).not.toHaveProperty('program')
  })

  it('is 202 with Location while a person is waited for', async () => {
    const response = await answer(outcomeOf({ status: 'pending_approval', approvalId: 'ap/1' }))
    expect(response.status).toBe(202)
    expect(response.headers.get('location')).toBe('/approvals/ap%2F1')
    expect(await response.json()).toEqual({
      runId: 'run-1',
      status: 'pending_approval',
      approvalId: 'ap/1',
    })
  })

  it('is 202 with the place of the run while it goes on', async () => {
    const response = await answer(outcomeOf({ status: 'running' }))
    expect(response.status).toBe(202)
    expect(response.headers.get('location')).toBe('/runs/run-1')
  })

  const endings = {
    'denied by policy': ['denied', 'ERR_POLICY_VIOLATION', 403],
    'out of scope': ['denied', 'ERR_INTENT_OUT_OF_SCOPE', 403],
    'not permitted': ['denied', 'ERR_AUTHORIZATION_DENIED', 403],
    'rejected by a person': ['rejected', 'ERR_APPROVAL_REJECTED', 403],
    'decided by nobody': ['expired', 'ERR_APPROVAL_EXPIRED', 410],
    cancelled: ['cancelled', 'ERR_RUN_CANCELLED', 409],
    'not valid JavaScript': ['failed', 'ERR_PROGRAM_SYNTAX', 422],
    thrown: ['failed', 'ERR_PROGRAM_FAILED', 422],
    'over a limit': ['failed', 'ERR_SANDBOX_LIMIT', 422],
    'stopped by the clock': ['timed_out', 'ERR_SANDBOX_TIMEOUT', 504],
    'without isolation': ['failed', 'ERR_ISOLATION_UNAVAILABLE', 503],
    'not on record': ['failed', 'ERR_AUDIT_UNAVAILABLE', 503],
    'an unusable answer of the model': ['failed', 'ERR_MODEL_RESPONSE', 502],
  } as const

  for (const [name, [status, code, http]] of Object.entries(endings)) {
    it(`is ${http} when the run was ${name}`, async () => {
      const body = await expectProblem(await answer(failed(status, code)), http, code)
      expect(body).toMatchObject({ instance: '/runs/run-1', runId: 'run-1', detail: 'It failed' })
    })
  }

  it('carries findings, and where the program threw', async () => {
    const error = {
      code: 'ERR_PROGRAM_FAILED',
      message: 'No order',
      findings: [finding],
      line: 2,
      column: 5,
    } as const
    const body = await expectProblem(
      await answer(outcomeOf({ status: 'failed', error })),
      422,
      'ERR_PROGRAM_FAILED',
    )
    expect(body).toMatchObject({ findings: [finding], line: 2, column: 5, detail: 'No order' })
  })

  it('says when asking again can succeed, where that is known', async () => {
    const error = { code: 'ERR_RATE_LIMITED', message: 'Too many', findings: [] } as const
    for (const [known, header] of [
      [{ retryAfterSeconds: 17 }, '17'],
      [{}, null],
    ] as const) {
      const response = await answer(outcomeOf({ status: 'failed', error: { ...error, ...known } }))
      expect(response.headers.get('retry-after')).toBe(header)
      await expectProblem(response, 429, 'ERR_RATE_LIMITED')
    }
  })

  it('carries the findings of the outcome when the error has none of its own', async () => {
    const outcome = { ...failed('denied', 'ERR_POLICY_VIOLATION'), findings: [finding] }
    const body = await expectProblem(await answer(outcome), 403, 'ERR_POLICY_VIOLATION')
    expect(body).toMatchObject({ findings: [finding] })
  })

  it('says nothing of the cause when something else went wrong', async () => {
    const outcome = failed('failed', 'ERR_INTERNAL', 'connect ECONNREFUSED /var/secret.sock')
    const body = await expectProblem(await answer(outcome), 500, 'ERR_INTERNAL')
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  const withoutError = {
    denied: [403, 'ERR_POLICY_VIOLATION'],
    rejected: [403, 'ERR_APPROVAL_REJECTED'],
    expired: [410, 'ERR_APPROVAL_EXPIRED'],
    timed_out: [504, 'ERR_SANDBOX_TIMEOUT'],
    cancelled: [409, 'ERR_RUN_CANCELLED'],
    failed: [500, 'ERR_INTERNAL'],
    outcome_unknown: [500, 'ERR_INTERNAL'],
    pending_approval: [500, 'ERR_INTERNAL'],
  } as const

  for (const status of [
    'denied',
    'rejected',
    'expired',
    'timed_out',
    'cancelled',
    'failed',
    'outcome_unknown',
    'pending_approval',
  ] as const) {
    it(`never calls a run that is ${status} a success, even if it does not say why`, async () => {
      const [http, code] = withoutError[status]
      await expectProblem(await answer(outcomeOf({ status })), http, code)
    })
  }
})

describe('GET /runs/<id>', () => {
  it('is 200 with the outcome, whatever it is', async () => {
    for (const outcome of [
      outcomeOf({ result: 1 }),
      failed('failed', 'ERR_PROGRAM_FAILED'),
      failed('cancelled', 'ERR_RUN_CANCELLED'),
      outcomeOf({ status: 'running' }),
    ]) {
      const port = plainPort({ getRun: async () => outcome })
      const response = await send(port, '/runs/run-1', { headers: JSON_HEADERS })
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual(outcome)
    }
  })

  it('is 404 for a run that is not there for this caller', async () => {
    const response = await send(plainPort(), '/runs/run-2', { headers: JSON_HEADERS })
    await expectProblem(response, 404, 'ERR_RUN_NOT_FOUND')
  })
})
