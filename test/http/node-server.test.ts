import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpApp } from '../../src/http/create-http-app.ts'
import { type RunningServer, type ServeOptions, serve } from '../../src/http/node-server.ts'
import { KEY, plainPort } from './plain-port.ts'

type Fetch = Parameters<typeof serve>[0]

const globals = [globalThis.Request, globalThis.Response]
const servers: RunningServer[] = []
const sockets: Socket[] = []

async function start(fetch: Fetch, options: Partial<ServeOptions> = {}): Promise<RunningServer> {
  const server = await serve(fetch, { port: 0, drainMs: 50, ...options })
  servers.push(server)
  return server
}

const ok: Fetch = () => new Response('ok')
const shop = (): Fetch => (request) => createHttpApp(plainPort()).fetch(request)

/** Sends bytes as they are and returns what comes back until the server closes the connection. */
async function exchange(server: RunningServer, bytes: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1')
  sockets.push(socket)
  socket.write(bytes, 'latin1')
  return text(socket)
}

const post = (headers: readonly string[], body = '{"intent":"a"}'): string => {
  return [
    'POST /agent/shop HTTP/1.1',
    'Host: app.test',
    'Content-Type: application/json',
    'Connection: close',
    ...headers,
    '',
    body,
  ].join('\r\n')
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

describe('serve', () => {
  it('listens on this machine only unless told otherwise', async () => {
    const server = await start(ok)
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
    expect(await (await fetch(server.url)).text()).toBe('ok')
  })

  it('leaves the globals of the process alone', async () => {
    await start(ok)
    expect([globalThis.Request, globalThis.Response]).toEqual(globals)
  })

  it('says which error it is when the port is taken, and does not keep it', async () => {
    const { port } = await start(ok)
    await expect(serve(ok, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await servers.pop()?.close()
    const again = await start(ok, { port })
    expect(again.port).toBe(port)
  })

  it('aborts the signal of a request whose client leaves', async () => {
    const arrived = Promise.withResolvers<Request>()
    const left = Promise.withResolvers<void>()
    const server = await start((request) => {
      request.signal.addEventListener('abort', () => left.resolve())
      arrived.resolve(request)
      return left.promise.then(() => new Response('late'))
    })
    const client = httpRequest(server.url, { method: 'POST' }).on('error', () => {})
    client.end('{}')
    expect((await arrived.promise).signal.aborted).toBe(false)
    client.destroy()
    await left.promise
    expect((await arrived.promise).signal.aborted).toBe(true)
  })
})

describe('close', () => {
  it('lets a request in flight finish, takes no new one, and does not wait for idle connections', async () => {
    const arrived = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<Response>()
    const server = await start(
      (request) => {
        if (new URL(request.url).pathname === '/idle') return new Response('idle')
        arrived.resolve()
        return answer.promise
      },
      { drainMs: 10_000 },
    )
    // Both connections are kept alive by the client.
    await (await fetch(`${server.url}/idle`)).text()
    const inFlight = fetch(server.url)
    await arrived.promise
    const started = performance.now()
    const closed = server.close()
    await expect(fetch(server.url)).rejects.toThrow()
    answer.resolve(new Response('done'))
    expect(await (await inFlight).text()).toBe('done')
    await closed
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it('cuts what is still there after its time, and tells the handler', async () => {
    const arrived = Promise.withResolvers<Request>()
    const server = await start(
      (request) => {
        arrived.resolve(request)
        return new Promise(() => {})
      },
      { drainMs: 20 },
    )
    const answer = fetch(server.url).catch((error: unknown) => error)
    const { signal } = await arrived.promise
    const aborted = once(signal, 'abort')
    await server.close()
    await aborted
    expect(await answer).toBeInstanceOf(TypeError)
  })

  it('can be called twice', async () => {
    const server = await start(ok)
    await Promise.all([server.close(), server.close()])
    await server.close()
  })
})

describe('slow clients', () => {
  const timeouts = { headersTimeoutMs: 100, requestTimeoutMs: 200 }

  const slow = {
    'never sends anything but a beginning': 'GET / HTTP/1.1\r\nHost: app.test\r\nX-Slow:',
    'never sends its body': post(['Content-Length: 100', `X-API-Key: ${KEY}`], '{"intent'),
    'never ends its chunks': post(
      ['Transfer-Encoding: chunked', `X-API-Key: ${KEY}`],
      '4\r\n{"in\r\n',
    ),
  }

  for (const [name, bytes] of Object.entries(slow)) {
    it(`are cut off: one that ${name}`, async () => {
      const server = await start(shop(), timeouts)
      expect(await exchange(server, bytes)).toMatch(/^(HTTP\/1\.1 (408|400) |$)/)
    })
  }
})

describe('raw requests', () => {
  const length = 'Content-Length: 14'

  it('reach the app when they are right', async () => {
    const answer = await exchange(await start(shop()), post([length, `X-API-Key: ${KEY}`]))
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  const refused: { readonly [name: string]: readonly [status: number, bytes: string] } = {
    'a key in two headers': [401, post([length, `X-API-Key: ${KEY}`, `X-API-Key: ${KEY}`])],
    'a key in two headers of other case': [
      401,
      post([length, `X-API-Key: ${KEY}`, `x-api-key: x`]),
    ],
    'a key folded over two lines': [400, post([length, `X-API-Key: ${KEY}\r\n more`])],
    'a bare line feed in a header': [400, post([length, `X-API-Key: ${KEY}\nX-Admin: 1`])],
    'a NUL in a header': [400, post([length, `X-API-Key: ${KEY}\0`])],
    'a space before the colon': [400, post([length, `X-API-Key : ${KEY}`])],
    'both a length and chunks': [400, post([length, 'Transfer-Encoding: chunked'], '0\r\n\r\n')],
    'two lengths': [400, post([length, 'Content-Length: 15', `X-API-Key: ${KEY}`])],
    'a negative length': [400, post(['Content-Length: -1', `X-API-Key: ${KEY}`])],
    'a chunk size that is no number': [
      400,
      post(['Transfer-Encoding: chunked', `X-API-Key: ${KEY}`], 'xyz\r\n{}\r\n0\r\n\r\n'),
    ],
    'headers of 20 KB': [431, post([length, `X-API-Key: ${'k'.repeat(20_000)}`])],
    'no host': [400, 'GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'],
    'a host that is no host': [
      400,
      'GET /health HTTP/1.1\r\nHost: a b/../c\r\nConnection: close\r\n\r\n',
    ],
    'a body over the limit in one chunk': [
      413,
      post(
        ['Transfer-Encoding: chunked', `X-API-Key: ${KEY}`],
        `1388\r\n${' '.repeat(5_000)}\r\n0\r\n\r\n`,
      ),
    ],
  }

  for (const [name, [status, bytes]] of Object.entries(refused)) {
    it(`are answered ${status} once, and the connection closed: ${name}`, async () => {
      const answer = await exchange(await start(shop()), bytes)
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
    })
  }

  it('that no URL can be made of get a problem with security headers, too', async () => {
    const bytes = 'GET /health HTTP/1.1\r\nHost: a b/../c\r\nConnection: close\r\n\r\n'
    const answer = await exchange(await start(shop()), bytes)
    expect(answer).toMatch(/^content-type: application\/problem\+json\r$/im)
    expect(answer).toMatch(/^x-content-type-options: nosniff\r$/im)
    expect(answer).toContain('"code":"ERR_REQUEST_INVALID"')
  })

  it('do not make the server take 20 MB that it will not read', async () => {
    const server = await start(shop())
    const socket = connect(server.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write(post(['Transfer-Encoding: chunked', `X-API-Key: ${KEY}`], ''))
    const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`
    let sent = 0
    const pump = (): void => {
      while (sent < 320 && !socket.destroyed) {
        sent += 1
        if (!socket.write(chunk)) return
      }
      socket.end('0\r\n\r\n')
    }
    socket.on('drain', pump)
    pump()
    const answer = await text(socket).catch(() => '')
    expect(answer === '' || answer.startsWith('HTTP/1.1 413 ')).toBe(true)
    expect(socket.bytesWritten).toBeLessThan(8_000_000)
  })
})
