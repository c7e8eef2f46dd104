import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ApprovalRule } from '../../src/index.ts'
import { APIKeyHeader } from '../../src/security/api-key-header.ts'
import { Authenticator } from '../../src/security/authenticator.ts'
import { createTestApp, fixedClock } from '../../src/testing/index.ts'
import { countingTool } from '../support/counting-tool.ts'

/** A key is `user`, with `+role` and `*group` behind it. */
const auth = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => {
    const [userId = '', role] = credentials.split('*')[0]?.split('+') ?? []
    const group = credentials.split('*')[1]
    return {
      userId,
      roles: role === undefined ? [] : [role],
      ...(group === undefined ? {} : { groups: [group] }),
    }
  },
})

const clock = fixedClock()
let folder: string
let close: (() => Promise<void>) | null = null

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'airlock-'))
})

afterEach(async () => {
  await close?.()
  close = null
  rmSync(folder, { recursive: true })
})

function open() {
  const pay = countingTool()
  const app = createTestApp([], { store: join(folder, 'store.db'), auth, clock: clock.now })
  app.agentEndpoint({
    name: 'till',
    execute: true,
    tools: [pay.tool],
    // None of this is about how fast a machine is.
    limits: { timeoutMs: 60_000 },
    approval: [
      new ApprovalRule({
        name: 'gate',
        requireForTools: ['pay'],
        approvers: [{ role: 'admin' }, { group: 'finance' }],
        timeoutMs: 1_000,
        escalateTo: [{ userId: 'boss' }],
        escalateAfterMs: 500,
        escalationTimeoutMs: 5_000,
      }),
    ],
  })
  close = () => app.close()
  const send = async (key: string, method: string, path: string, body?: unknown) => {
    const response = await app.fetch(
      new Request(`http://localhost${path}`, {
        method,
        headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text), response }
  }
  const ask = async () => {
    const code = 'return tools.pay({ amount: 5 })'
    const { body } = await send('ann', 'POST', '/agent/till/execute', { code })
    return { id: body.approvalId as string, runId: body.runId as string }
  }
  const resolve = (key: string, id: string, body: object) =>
    send(key, 'POST', `/approvals/${id}/resolve`, body)
  const stateOf = async (id: string) =>
    (await send('root+admin', 'GET', `/approvals/${id}`)).body.state
  return { app, pay, send, ask, resolve, stateOf }
}

describe('an approval over HTTP', () => {
  it('takes each way through its states, and is found in each after a restart', async () => {
    const first = open()
    const ways = {
      approved: await first.ask(),
      rejected: await first.ask(),
      expired: await first.ask(),
    }
    expect(await first.stateOf(ways.approved.id)).toBe('pending')
    expect(await first.resolve('ada+admin', ways.approved.id, { approve: true })).toMatchObject({
      status: 200,
      body: { state: 'approved', decision: { approverId: 'ada' } },
    })
    await first.app.runs.wait(ways.approved.runId)
    const no = { approve: false, reason: 'too much' }
    expect(await first.resolve('fay*finance', ways.rejected.id, no)).toMatchObject({ status: 200 })
    clock.advance(500)
    expect(await first.stateOf(ways.expired.id)).toBe('escalated')
    expect(
      (await first.send('boss', 'GET', '/approvals?state=escalated')).body.approvals,
    ).toMatchObject([{ id: ways.expired.id }])
    clock.advance(5_000)
    expect(await first.resolve('boss', ways.expired.id, { approve: true })).toMatchObject({
      status: 410,
      body: { code: 'ERR_APPROVAL_EXPIRED' },
    })
    const pending = await first.ask()
    const escalated = await first.ask()
    clock.advance(600)
    await close?.()

    const again = open()
    for (const [state, { id }] of Object.entries(ways)) expect(await again.stateOf(id)).toBe(state)
    expect(await again.stateOf(pending.id)).toBe('escalated')
    expect((await again.send('ann', 'GET', `/runs/${ways.rejected.runId}`)).body).toMatchObject({
      status: 'rejected',
      error: { code: 'ERR_APPROVAL_REJECTED' },
    })
    expect((await again.send('ann', 'GET', `/runs/${ways.expired.runId}`)).body).toMatchObject({
      status: 'expired',
    })
    await again.resolve('boss', escalated.id, { approve: true })
    expect(await again.app.runs.wait(escalated.runId)).toMatchObject({ status: 'completed' })
    expect(again.pay.calls).toHaveLength(1)
  })

  it('answers 404 to strangers, 403 to the requester, 409 to whoever is late, and never by GET', async () => {
    const { ask, resolve, send, stateOf, pay } = open()
    const { id } = await ask()
    expect(await resolve('eve', id, { approve: true })).toMatchObject({ status: 404 })
    expect(await resolve('ada+admin', 'apr_x', { approve: true })).toMatchObject({ status: 404 })
    expect(await resolve('ann', id, { approve: true })).toMatchObject({ status: 403 })
    expect(await send('ada+admin', 'GET', `/approvals/${id}/resolve?approve=true`)).toMatchObject({
      status: 405,
    })
    await send('ada+admin', 'GET', `/approvals/${id}`)
    await send('ada+admin', 'HEAD', `/approvals/${id}`)
    expect(await stateOf(id)).toBe('pending')
    const decision = { approve: true, expectedDigest: 'f'.repeat(64) }
    expect(await resolve('ada+admin', id, decision)).toMatchObject({
      status: 409,
      body: { code: 'ERR_APPROVAL_CONFLICT' },
    })
    expect(await resolve('ada+admin', id, { approve: true })).toMatchObject({ status: 200 })
    expect(await resolve('ada+admin', id, { approve: true })).toMatchObject({ status: 409 })
    await expect.poll(() => pay.calls.length).toBe(1)
  })

  it('takes another argument, and refuses one that does not fit', async () => {
    const { app, ask, resolve, send, pay } = open()
    const { id, runId } = await ask()
    const edit = (amount: unknown) =>
      resolve('ada+admin', id, { approve: true, editedArguments: { amount } })
    expect(await edit('five')).toMatchObject({ status: 400, body: { code: 'ERR_REQUEST_INVALID' } })
    expect(
      await resolve('ada+admin', id, { approve: false, editedArguments: { amount: 1 } }),
    ).toMatchObject({ status: 400 })
    expect(await edit(4)).toMatchObject({ status: 200, body: { state: 'pending', revision: 1 } })
    expect(await resolve('ada+admin', id, { approve: true })).toMatchObject({ status: 403 })
    const { body } = await send('bob+admin', 'GET', `/approvals/${id}`)
    expect(body.edits[0].changes).toEqual([{ path: '/amount', before: 5, after: 4 }])
    expect(
      await resolve('bob+admin', id, { approve: true, expectedDigest: body.digest }),
    ).toMatchObject({ status: 200, body: { state: 'approved' } })
    await app.runs.wait(runId)
    expect(pay.calls).toMatchObject([{ amount: 4 }])
    const { traces } = (await send('root+admin', 'GET', `/audit?runId=${runId}`)).body
    expect(traces[0].approvals).toMatchObject([
      {
        edits: [{ editorId: 'ada', changes: [{ path: '/amount', before: 5, after: 4 }] }],
        votes: [{ approverId: 'bob', approve: true }],
      },
    ])
  })

  it('takes grants and substitutes with the approver’s own credential, lists them, and takes them back', async () => {
    const { ask, send, resolve } = open()
    const { id, runId } = await ask()
    const until = clock.now() + 60_000
    const give = (key: string, body: object) => send(key, 'POST', `/approvals/${id}/grants`, body)
    expect(await give('eve', { scope: 'run', until })).toMatchObject({ status: 404 })
    expect(await give('ann', { scope: 'run', until })).toMatchObject({ status: 403 })
    expect(await give('ada+admin', { scope: 'all', until })).toMatchObject({ status: 400 })
    expect(await give('ada+admin', { scope: 'run', until: 'soon' })).toMatchObject({ status: 400 })
    const grant = await give('ada+admin', { scope: 'run', until })
    expect(grant).toMatchObject({ status: 201, body: { runId, tool: 'pay', rule: 'gate' } })
    const grants = async (key: string) => (await send(key, 'GET', '/approvals/grants')).body.grants
    expect(await grants('ada+admin')).toHaveLength(1)
    expect(await grants('eve')).toEqual([])
    const path = `/approvals/grants/${grant.body.id}`
    expect(await send('eve', 'DELETE', path)).toMatchObject({ status: 404 })
    expect(await send('ada+admin', 'DELETE', path)).toMatchObject({ status: 204 })
    expect(await send('ada+admin', 'DELETE', path)).toMatchObject({ status: 409 })
    expect(await grants('ada+admin')).toMatchObject([{ revoked: { by: 'ada' } }])

    const substitute = { substituteId: 'sam', until }
    expect(await send('fay*finance', 'POST', '/approvals/delegations', substitute)).toMatchObject({
      status: 201,
      body: { kind: 'delegation', granter: { userId: 'fay' } },
    })
    expect((await send('sam', 'GET', '/approvals/delegations')).body.delegations).toHaveLength(1)
    expect((await send('sam', 'GET', '/approvals')).body.approvals).toMatchObject([{ id }])
    expect((await send('sam', 'GET', `/approvals/${id}`)).status).toBe(200)
    expect(await resolve('sam', id, { approve: true })).toMatchObject({
      status: 200,
      body: { decision: { approverId: 'sam', onBehalfOf: 'fay' } },
    })
    clock.advance(60_000)
    expect((await send('sam', 'GET', '/approvals')).body.approvals).toEqual([])
    expect(await send('ada+admin', 'PUT', '/approvals/delegations', {})).toMatchObject({
      status: 405,
    })
  })
})

describe('GET /approvals/events', () => {
  const read = async (response: Response, count: number) => {
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (text.split('\nevent: ').length <= count) text += (await reader?.read())?.value ?? ''
    await reader?.cancel()
    return text
  }

  it('tells each caller what they may see, goes on after a break, and ends with the app', async () => {
    const { app, ask, resolve } = open()
    const listen = (key: string, last?: string) =>
      app.fetch(
        new Request('http://localhost/approvals/events', {
          headers: { 'X-API-Key': key, ...(last === undefined ? {} : { 'Last-Event-ID': last }) },
        }),
      )
    const response = await listen('ada+admin')
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const stranger = await listen('eve')
    const { id } = await ask()
    const text = await read(response, 1)
    expect(text).toContain('event: approval.pending')
    expect(text).toContain(`"path":"/approvals/${id}"`)
    expect(text).not.toContain('amount')

    await resolve('ada+admin', id, { approve: false })
    const last = /^id: (.+)$/m.exec(text)?.[1]
    const more = await read(await listen('ada+admin', last), 1)
    expect(more).toContain('event: approval.rejected')
    expect(more).not.toContain('event: approval.pending')

    const theirs = stranger.body?.pipeThrough(new TextDecoderStream()).getReader()
    expect(await theirs?.read()).toEqual({ done: false, value: ': listening\n\n' })
    const ended = theirs?.read()
    await app.close()
    expect(await ended).toEqual({ done: true, value: undefined })
  })

  it('is for callers with a credential alone', async () => {
    const { app } = open()
    const response = await app.fetch(new Request('http://localhost/approvals/events'))
    expect(response.status).toBe(401)
  })
})
