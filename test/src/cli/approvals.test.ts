import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { approvals } from '../../../src/cli/approvals.ts'
import { approval } from '../../http/plain-port.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly key: string
  readonly body: unknown
}

const DIGEST = 'ab'.repeat(32)
const request = {
  ...approval,
  digest: DIGEST,
  subject: {
    kind: 'call',
    seq: 0,
    tool: 'pay',
    argument: { to: 'x\u001b[2Jy\u202e' },
    requested: {},
  },
}

let folder: string
let asked: Asked[]
let output: string
let url: string
let stop: () => void

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'airlock-cli-'))
  asked = []
  output = ''
  const say = (line: unknown) => {
    output += `${line}\n`
  }
  vi.spyOn(console, 'log').mockImplementation(say)
  vi.spyOn(console, 'error').mockImplementation(say)
  const server = createServer(async (incoming, response) => {
    asked.push(await readAsked(incoming))
    const { path, key } = asked.at(-1) ?? { path: '', key: '' }
    const send = (status: number, body: object) =>
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
    if (path === '/away/approvals/ap-1') {
      response.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()
    } else if (key !== 'my-key') send(401, { code: 'ERR_AUTHENTICATION_FAILED', detail: 'No' })
    else if (path.startsWith('/approvals?')) send(200, { approvals: [request] })
    else if (path.endsWith('/resolve')) send(200, { ...request, state: 'approved' })
    else send(200, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  stop = () => {
    server.closeAllConnections()
    server.close()
  }
  vi.stubEnv('AIRLOCK_CREDENTIAL', 'my-key')
  vi.stubEnv('AIRLOCK_URL', url)
})

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  stop()
  rmSync(folder, { recursive: true })
})

async function readAsked(incoming: IncomingMessage): Promise<Asked> {
  let body = ''
  for await (const part of incoming.setEncoding('utf8')) body += part
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    key: String(incoming.headers['x-api-key']),
    body: body === '' ? null : JSON.parse(body),
  }
}

describe('airlock approvals', () => {
  it('lists what is open, with the credential of the environment', async () => {
    expect(await approvals(['list'])).toBe(0)
    expect(asked.map(({ path }) => path)).toEqual([
      '/approvals?state=pending',
      '/approvals?state=escalated',
    ])
    expect(output).toContain('ap-1  pending  write_gate  call of pay  for alice')
  })

  it('takes the credential from a file', async () => {
    vi.stubEnv('AIRLOCK_CREDENTIAL', '')
    const file = join(folder, 'key')
    writeFileSync(file, 'my-key\n')
    expect(await approvals(['list', '--credential-file', file])).toBe(0)
  })

  it('shows other people’s text without what a terminal would act on', async () => {
    expect(await approvals(['show', 'ap-1'])).toBe(0)
    expect(output).toContain(DIGEST)
    for (const character of ['\u001b', '\u202e']) expect(output).not.toContain(character)
    expect(output).toContain('\\u{202e}')
  })

  it('decides what it was shown, and nothing else', async () => {
    expect(await approvals(['approve', 'ap-1', '--reason', 'fine', '--digest', DIGEST])).toBe(0)
    expect(asked.at(-1)).toEqual({
      method: 'POST',
      path: '/approvals/ap-1/resolve',
      key: 'my-key',
      body: { approve: true, reason: 'fine', expectedDigest: DIGEST },
    })
    expect(output).toContain('ap-1 is approved')
    asked.length = 0
    expect(await approvals(['reject', 'ap-1', '--digest', 'cd'.repeat(6)])).toBe(1)
    expect(asked.map(({ method }) => method)).toEqual(['GET'])
  })

  it('sends changed arguments from a file', async () => {
    const file = join(folder, 'arguments.json')
    writeFileSync(file, '{"to":"ann"}')
    expect(await approvals(['approve', 'ap-1', '--arguments', file])).toBe(0)
    expect(asked.at(-1)?.body).toMatchObject({ editedArguments: { to: 'ann' } })
  })

  it('says what the app said, and follows no redirection', async () => {
    vi.stubEnv('AIRLOCK_CREDENTIAL', 'wrong')
    expect(await approvals(['list'])).toBe(1)
    expect(output).toContain('401 ERR_AUTHENTICATION_FAILED: No')
    expect(await approvals(['show', 'ap-1', '--url', `${url}/away`])).toBe(1)
    expect(output).toContain('Nobody answers')
    expect(output).not.toContain('wrong')
  })

  const wrong: Record<string, readonly string[]> = {
    'no command': [],
    'an unknown command': ['allow', 'ap-1'],
    'no id': ['approve'],
    'two ids': ['approve', 'ap-1', 'ap-2'],
    'a credential as an argument': ['list', '--credential', 'my-key'],
    'plain http to another machine': ['list', '--url', 'http://airlock.example'],
    'a credential in the url': ['list', '--url', 'https://a:b@airlock.example'],
    'a short digest': ['approve', 'ap-1', '--digest', 'ab'],
    'arguments for a no': ['reject', 'ap-1', '--arguments', '-'],
    'a file that is not there': ['list', '--credential-file', '/nowhere/key'],
  }
  for (const [name, args] of Object.entries(wrong)) {
    it(`does not understand ${name}, and asks nobody`, async () => {
      expect(await approvals(args)).toBe(2)
      expect(asked).toEqual([])
    })
  }

  it('needs to know who is there', async () => {
    vi.stubEnv('AIRLOCK_CREDENTIAL', '')
    expect(await approvals(['list'])).toBe(2)
    vi.stubEnv('AIRLOCK_CREDENTIAL', 'k\u00e4se')
    expect(await approvals(['list'])).toBe(2)
    expect(output).not.toContain('k\u00e4se')
  })
})
