import { expect } from 'vitest'
import type { Logger } from '../../harness/index.ts'
import type { AppPort } from '../../src/http/app-port.ts'
import { createHttpApp } from '../../src/http/create-http-app.ts'
import { KEY } from './plain-port.ts'

/** Headers of a caller who is known and sends JSON. */
export const JSON_HEADERS: { readonly [name: string]: string } = {
  'X-API-Key': KEY,
  'Content-Type': 'application/json',
}

/** Sends one request to an app, without a socket. */
export async function send(
  port: AppPort,
  path: string,
  init: RequestInit & { readonly logger?: Logger } = {},
): Promise<Response> {
  const { logger, ...rest } = init
  return createHttpApp(port, logger).request(path, rest)
}

/** A body as a test writes it down. */
export type Body = string | Uint8Array | ReadableStream

/** Posts a body as it is to an endpoint. */
export function post(
  port: AppPort,
  path: string,
  body: Body,
  headers: { readonly [name: string]: string } = JSON_HEADERS,
): Promise<Response> {
  return send(port, path, { method: 'POST', headers: { ...headers }, body, duplex: 'half' })
}

/** Checks that an answer is a whole problem of RFC 9457 with security headers, and returns its body. */
export async function expectProblem(
  response: Response,
  status: number,
  code: string,
): Promise<{ readonly [name: string]: unknown }> {
  const body: { readonly [name: string]: unknown } = JSON.parse(await response.text())
  expect({ status: response.status, code: body['code'] }).toEqual({ status, code })
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(body).toMatchObject({
    type: `urn:airlock:problem:${code.slice(4).toLowerCase().replaceAll('_', '-')}`,
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/^[A-Z][^\n]*[^.]$/),
  })
  return body
}
