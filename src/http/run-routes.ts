import type { JsonObject, JsonValue } from '../../harness/index.ts'
import { RequestError } from '../errors.ts'
import { outcomeResponse } from './agent-response.ts'
import type { AppPort, SaidOutcome } from './app-port.ts'
import { readRunQuery } from './query.ts'
import { readFields, readText } from './request-body.ts'
import { bodyReader, type ReadCaller, type Route } from './route.ts'

const MAX_REASON_LENGTH = 4_096

/** The routes about runs: reading them, saying what became of their calls, undoing them. */
export function runRoutes(port: AppPort, caller: ReadCaller): readonly Route[] {
  const withBody = bodyReader(port, caller)
  return [
    [
      'GET',
      '/runs',
      async (request) => {
        const user = await caller(request)
        const filter = readRunQuery(new URL(request.url).searchParams)
        return Response.json({ runs: await port.listRuns(user, filter) })
      },
    ],
    [
      'GET',
      '/runs/:id',
      async (request, param) => {
        return Response.json(await port.getRun(await caller(request), param('id')))
      },
    ],
    [
      'POST',
      '/runs/:id/resolve',
      async (request, param) => {
        const { user, body } = await withBody(request)
        return Response.json(await port.resolveRun(user, param('id'), readSaidOutcome(body)))
      },
    ],
    [
      'GET',
      '/runs/:id/rollback',
      async (request, param) => {
        return Response.json(await port.planRollback(await caller(request), param('id')))
      },
    ],
    [
      'POST',
      '/runs/:id/rollback',
      async (request, param) => {
        const { user, body } = await withBody(request)
        const { partial = false } = readFields(body, ['partial'])
        if (typeof partial !== 'boolean') throw invalid('Field "partial" must be true or false')
        return outcomeResponse(await port.rollbackRun(user, param('id'), partial))
      },
    ],
  ]
}

function readSaidOutcome(body: JsonObject): SaidOutcome {
  const fields = readFields(body, ['outcome', 'seq', 'answer', 'reason'])
  const { outcome, seq, answer, reason } = fields
  if (outcome !== 'happened' && outcome !== 'repeat' && outcome !== 'end') {
    throw invalid('Field "outcome" must be "happened", "repeat" or "end"')
  }
  return {
    outcome,
    ...(seq === undefined ? {} : { seq: readPlace(seq) }),
    ...(answer === undefined ? {} : { answer }),
    ...(reason === undefined
      ? {}
      : { reason: readText('reason', reason, { maxLength: MAX_REASON_LENGTH, allowBlank: true }) }),
  }
}

function readPlace(value: JsonValue): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalid('Field "seq" must be the place of a call')
}

function invalid(message: string): RequestError {
  return new RequestError('ERR_REQUEST_INVALID', message)
}
