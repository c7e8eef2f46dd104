import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { KeySetUnavailableError } from '../../../src/security/json-web-key-set.ts'
import { jwtVerifier } from '../../../src/security/jwt-verifier.ts'

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const key = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' }
const token = (kid = 'k1'): Promise<string> => {
  const claims = new SignJWT()
    .setIssuer('i')
    .setAudience('a')
    .setSubject('u1')
    .setExpirationTime('1m')
  return claims.setProtectedHeader({ alg: 'ES256', kid }).sign(pair.privateKey)
}

let server: Server | undefined

async function verifierOf(answer: (response: ServerResponse, path: string) => void) {
  server = createServer((request, response) => answer(response, request.url ?? ''))
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const jwksUrl = `http://127.0.0.1:${port}/jwks`
  const verify = jwtVerifier({ jwksUrl, algorithms: ['ES256'], issuer: 'i', audience: 'a' })
  const context = { signal: new AbortController().signal }
  return async (text: string) => verify({ scheme: 'bearer', credentials: text }, context)
}

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

describe('a key set over HTTP', () => {
  it('is fetched once for many tokens', async () => {
    let fetched = 0
    const verify = await verifierOf((response) => {
      fetched += 1
      response.end(JSON.stringify({ keys: [key] }))
    })
    const one = await token()
    expect(await Promise.all([verify(one), verify(one), verify(one)])).toEqual(
      Array.from({ length: 3 }, () => ({ userId: 'u1', scopes: [] })),
    )
    expect(fetched).toBe(1)
  })

  it('is not fetched again for every name that somebody makes up', async () => {
    let fetched = 0
    const verify = await verifierOf((response) => {
      fetched += 1
      response.end(JSON.stringify({ keys: [key] }))
    })
    for (let n = 0; n < 20; n++) expect(await verify(await token(`made-up-${n}`))).toBeNull()
    expect(fetched).toBeLessThanOrEqual(2)
  })

  const failures: { readonly [name: string]: (response: ServerResponse, path: string) => void } = {
    'an error of the server': (response) => response.writeHead(500).end(),
    'a redirect': (response, path) => {
      if (path === '/jwks') response.writeHead(302, { Location: '/other' }).end()
      else response.end(JSON.stringify({ keys: [key] }))
    },
    'an answer that is not JSON': (response) => response.end('<html>'),
    'a set without keys': (response) => response.end('{"keys":[]}'),
    'a set with a private key': (response) => {
      response.end(
        JSON.stringify({ keys: [{ ...pair.privateKey.export({ format: 'jwk' }), kid: 'k1' }] }),
      )
    },
    'a set with one name twice': (response) => response.end(JSON.stringify({ keys: [key, key] })),
    'an answer without end': (response) => {
      const chunk = ' '.repeat(65_536)
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      }
      response.on('drain', more)
      more()
    },
    'a connection that breaks': (response) => response.destroy(),
  }

  for (const [name, answer] of Object.entries(failures)) {
    it(`lets nobody pass and says that it is an outage: ${name}`, async () => {
      const verify = await verifierOf(answer)
      await expect(verify(await token())).rejects.toBeInstanceOf(KeySetUnavailableError)
    })
  }
})
