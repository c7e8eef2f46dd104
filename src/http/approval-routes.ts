import type { DelegationInput, GrantInput, JsonObject, JsonValue } from '../../harness/index.ts'
import { RequestError } from '../errors.ts'
import type { AppPort } from './app-port.ts'
import type { ApprovalStreams } from './approval-stream.ts'
import { readDecisionBody } from './intent-body.ts'
import { readApprovalQuery } from './query.ts'
import { isObject, readFields, readText } from './request-body.ts'
import { bodyReader, type ReadBody, type ReadCaller, type Route } from './route.ts'

const MAX_REASON_LENGTH = 4_096
const MAX_ID_LENGTH = 256

/**
 * The routes about approvals. Each takes the caller's own credential; opening one with GET has no effect,
 * so that a link in a message decides nothing.
 */
export function approvalRoutes(
  port: AppPort,
  caller: ReadCaller,
  streams: ApprovalStreams,
): readonly Route[] {
  const withBody = bodyReader(port, caller)
  // Those with a fixed name come before the one that takes any id.
  return [
    [
      'GET',
      '/approvals',
      async (request) => {
        const user = await caller(request)
        const filter = readApprovalQuery(new URL(request.url).searchParams)
        return Response.json({ approvals: await port.listApprovals(user, filter) })
      },
    ],
    [
      'GET',
      '/approvals/events',
      async (request) => {
        const user = await caller(request)
        return streams.answer(request, (tell, last) => port.followApprovals(user, tell, last))
      },
    ],
    ...mandateRoutes(port, caller, withBody),
    [
      'GET',
      '/approvals/:id',
      async (request, param) => {
        return Response.json(await port.getApproval(await caller(request), param('id')))
      },
    ],
    [
      'POST',
      '/approvals/:id/resolve',
      async (request, param) => {
        const { user, body } = await withBody(request)
        const decision = readDecisionBody(body)
        return Response.json(await port.resolveApproval(user, param('id'), decision))
      },
    ],
    [
      'POST',
      '/approvals/:id/grants',
      async (request, param) => {
        const { user, body } = await withBody(request)
        const grant = await port.grant(user, param('id'), readGrantBody(body))
        return Response.json(grant, { status: 201 })
      },
    ],
  ]
}

function mandateRoutes(port: AppPort, caller: ReadCaller, withBody: ReadBody): readonly Route[] {
  const revoke: Route[2] = async (request, param) => {
    await port.revokeMandate(await caller(request), param('id'))
    return new Response(null, { status: 204 })
  }
  return [
    [
      'GET',
      '/approvals/grants',
      async (request) => {
        return Response.json({ grants: await port.listMandates(await caller(request), 'grant') })
      },
    ],
    ['DELETE', '/approvals/grants/:id', revoke],
    [
      'GET',
      '/approvals/delegations',
      async (request) => {
        const user = await caller(request)
        return Response.json({ delegations: await port.listMandates(user, 'delegation') })
      },
    ],
    [
      'POST',
      '/approvals/delegations',
      async (request) => {
        const { user, body } = await withBody(request)
        return Response.json(await port.delegate(user, readDelegationBody(body)), { status: 201 })
      },
    ],
    ['DELETE', '/approvals/delegations/:id', revoke],
  ]
}

/** @throws {RequestError} `ERR_REQUEST_INVALID`. */
function readGrantBody(body: JsonObject): GrantInput {
  const { scope, until, argument, reason } = readFields(body, [
    'scope',
    'until',
    'argument',
    'reason',
  ])
  if (scope !== 'run' && scope !== 'session') {
    throw new RequestError('ERR_REQUEST_INVALID', 'Field "scope" must be "run" or "session"')
  }
  if (argument !== undefined && !isObject(argument)) {
    throw new RequestError('ERR_REQUEST_INVALID', 'Field "argument" must be an object')
  }
  return {
    scope,
    until: readTime(until),
    ...(argument === undefined ? {} : { argument }),
    ...readReason(reason),
  }
}

/** @throws {RequestError} `ERR_REQUEST_INVALID`. */
function readDelegationBody(body: JsonObject): DelegationInput {
  const { substituteId, until, reason } = readFields(body, ['substituteId', 'until', 'reason'])
  return {
    substituteId: readText('substituteId', substituteId, { maxLength: MAX_ID_LENGTH }),
    until: readTime(until),
    ...readReason(reason),
  }
}

function readTime(value: JsonValue | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw new RequestError(
    'ERR_REQUEST_INVALID',
    'Field "until" must be a time in milliseconds since 1970',
  )
}

function readReason(reason: JsonValue | undefined): { readonly reason?: string } {
  if (reason === undefined) return {}
  return {
    reason: readText('reason', reason, { maxLength: MAX_REASON_LENGTH, allowBlank: true }),
  }
}
