import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AgenticApp } from '../../src/index.ts'
import { createTestApp } from '../../src/testing/index.ts'

let app: AgenticApp

beforeAll(async () => {
  app = createTestApp([])
  app.agentEndpoint({ name: 'it', public: true, execute: true })
  await app.start()
  return () => app.close()
})

const JSON_TYPE = { 'Content-Type': 'application/json' }

function post(
  path: string,
  body: string,
  headers: Record<string, string> = JSON_TYPE,
): Promise<Response> {
  return app.fetch(new Request(`http://test${path}`, { method: 'POST', headers, body }))
}

function execute(code: string): Promise<Response> {
  return post('/agent/it/execute', JSON.stringify({ code }))
}

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** What is still held once everything that nobody needs is gone. */
function heldBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const megabytes = (count: number) => count * 1_048_576

describe('bad input', () => {
  const cases: Record<string, [() => Promise<Response>, number, string]> = {
    'invalid JSON': [() => post('/agent/it', '{"intent":'), 400, 'ERR_REQUEST_INVALID'],
    'a wrong content type': [
      () => post('/agent/it', 'intent=x', { 'Content-Type': 'text/plain' }),
      415,
      'ERR_REQUEST_MEDIA_TYPE',
    ],
    'a body over the limit': [
      () => post('/agent/it', JSON.stringify({ intent: 'x'.repeat(megabytes(7)) })),
      413,
      'ERR_REQUEST_TOO_LARGE',
    ],
    'an unknown endpoint': [
      () => post('/agent/nowhere', JSON.stringify({ intent: 'x' })),
      404,
      'ERR_ENDPOINT_NOT_FOUND',
    ],
    'an unknown field': [
      () => post('/agent/it', JSON.stringify({ intent: 'x', user: 'admin' })),
      400,
      'ERR_REQUEST_INVALID',
    ],
    'an intent of 200 000 characters': [
      () => post('/agent/it', JSON.stringify({ intent: 'x'.repeat(200_000) })),
      413,
      'ERR_REQUEST_TOO_LARGE',
    ],
    'an empty program': [() => execute(''), 422, 'ERR_PROGRAM_SYNTAX'],
    'a program of 5 MB': [
      () => execute(`return ${'1+'.repeat(megabytes(2.5))}1`),
      422,
      'ERR_SANDBOX_LIMIT',
    ],
    'a program that nests 20 000 deep': [
      () => execute(`return ${'['.repeat(20_000)}${']'.repeat(20_000)}`),
      422,
      'ERR_SANDBOX_LIMIT',
    ],
    'a program that is not JavaScript': [
      () => execute('def main(): pass'),
      422,
      'ERR_PROGRAM_SYNTAX',
    ],
  }
  for (const [name, [send, status, code]] of Object.entries(cases)) {
    it(`answers ${name} with ${status} and ${code}, and goes on serving`, async () => {
      const response = await send()
      expect(response.headers.get('Content-Type')).toContain('application/problem+json')
      expect(await response.json()).toMatchObject({ status, code })
      expect(response.status).toBe(status)
      const after = await execute('return 1 + 1')
      expect(await after.json()).toMatchObject({ status: 'completed', result: 2 })
    })
  }

  it('leaves no memory behind', async () => {
    const send = async () => {
      for (const [request] of Object.values(cases)) await (await request()).arrayBuffer()
    }
    await send()
    const before = heldBytes()
    for (let round = 0; round < 10; round += 1) await send()
    // Each round sends some twenty megabytes: kept, they would be ten times what is allowed here.
    expect(heldBytes() - before).toBeLessThan(megabytes(20))
  }, 60_000)
})
