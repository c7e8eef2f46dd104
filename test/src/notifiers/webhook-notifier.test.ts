import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { ApprovalNotice } from '../../../src/notifiers/approval-notice.ts'
import { webhookNotifier } from '../../../src/notifiers/webhook-notifier.ts'

const secret = 'a secret of thirty-two characters'
const notice: ApprovalNotice = {
  id: 'evt_1',
  type: 'approval.pending',
  at: 5,
  approval: {
    id: 'apr_1',
    path: '/approvals/apr_1',
    runId: 'run-1',
    endpoint: 'shop',
    rule: 'gate',
    subject: 'call',
    tool: 'refund',
    state: 'pending',
    approvers: [{ role: 'admin' }],
    votes: 0,
    quorum: 1,
    expiresAt: 10,
  },
}

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function receiver(status: number, headers: Record<string, string> = {}) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => {
      body += part
    })
    request.on('end', () => {
      received.push({ headers: request.headers, body })
      response.writeHead(status, headers).end('thanks')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

const signal = AbortSignal.timeout(10_000)

describe('a webhook', () => {
  it('is signed over id, time and body, as Standard Webhooks says', async () => {
    const { received, url } = await receiver(204)
    await webhookNotifier({ url, secret }).notify(notice, { signal })
    const [{ headers, body } = { headers: {}, body: '' }] = received
    expect(JSON.parse(body)).toEqual(notice)
    expect(headers['webhook-id']).toBe('evt_1')
    const timestamp = String(headers['webhook-timestamp'])
    expect(Math.abs(Number(timestamp) - Date.now() / 1_000)).toBeLessThan(10)
    const signature = createHmac('sha256', secret)
      .update(`evt_1.${timestamp}.${body}`)
      .digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
  })

  it('takes a secret as Standard Webhooks writes it', async () => {
    const { received, url } = await receiver(200)
    const key = Buffer.alloc(32, 7)
    const written = `whsec_${key.toString('base64')}`
    await webhookNotifier({ url, secret: written }).notify(notice, { signal })
    const [{ headers, body } = { headers: {}, body: '' }] = received
    const signature = createHmac('sha256', key)
      .update(`evt_1.${headers['webhook-timestamp']}.${body}`)
      .digest('base64')
    expect(headers['webhook-signature']).toBe(`v1,${signature}`)
  })

  for (const status of [301, 307, 400, 404, 410, 429, 500, 503]) {
    it(`has failed when the answer is ${status}`, async () => {
      const elsewhere = await receiver(200)
      const { url } = await receiver(status, { Location: elsewhere.url })
      await expect(webhookNotifier({ url, secret }).notify(notice, { signal })).rejects.toThrow()
      expect(elsewhere.received).toEqual([])
    })
  }

  it('has failed when nobody answers in time', async () => {
    const server = createServer(() => {})
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const slow = webhookNotifier({ url, secret, timeoutMs: 50 })
    await expect(slow.notify(notice, { signal })).rejects.toThrow()
  })

  const wrong: Record<string, object> = {
    'plain http to another machine': { url: 'http://hooks.example/', secret },
    'a url with credentials': { url: 'https://me:pw@hooks.example/', secret },
    'what is no url': { url: 'hooks', secret },
    'another scheme': { url: 'file:///tmp/x', secret },
    'a host that only looks like this machine': { url: 'http://127.0.0.1.example/', secret },
    'a short secret': { url: 'https://hooks.example/', secret: 'short' },
    'a short secret that is encoded': { url: 'https://hooks.example/', secret: 'whsec_YWJj' },
    'no secret': { url: 'https://hooks.example/' },
    'an unknown option': { url: 'https://hooks.example/', secret, retries: 3 },
  }
  for (const [name, options] of Object.entries(wrong)) {
    it(`refuses ${name}, and does not repeat the secret`, () => {
      const make = () => webhookNotifier(options as Parameters<typeof webhookNotifier>[0])
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
      expect(make).not.toThrow(secret)
    })
  }
})
