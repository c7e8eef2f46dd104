import { describe, expect, it } from 'vitest'
import { KEY, plainPort } from './plain-port.ts'
import { type Body, expectProblem, JSON_HEADERS, post, send } from './send.ts'

const INTENT = '/agent/shop'
const EXECUTE = '/agent/shop/execute'
const json = (value: unknown): string => JSON.stringify(value)
const deep = (levels: number): string => `${'['.repeat(levels)}1${']'.repeat(levels)}`

describe('the body of POST /agent/<name>', () => {
  it('reaches the app with intent, session and parameters', async () => {
    const port = plainPort()
    const body = json({ intent: ' Revenue? ', sessionId: 's-1', params: { year: 2026 } })
    expect((await post(port, INTENT, body)).status).toBe(200)
    expect(port.calls).toMatchObject([
      {
        method: 'runIntent',
        args: [
          {
            endpoint: 'shop',
            user: { userId: 'alice' },
            intent: ' Revenue? ',
            sessionId: 's-1',
            params: { year: 2026 },
            signal: expect.any(AbortSignal),
          },
        ],
      },
    ])
  })

  it('has empty parameters and no session if none are given', async () => {
    const port = plainPort()
    await post(port, INTENT, json({ intent: 'Hello' }))
    const [call] = port.calls
    expect(call?.args[0]).toMatchObject({ params: {} })
    expect(call?.args[0]).not.toHaveProperty('sessionId')
  })

  const accepted: { readonly [name: string]: string } = {
    'an intent of the greatest length': json({ intent: 'a'.repeat(1_000) }),
    'an intent with characters of every plane': json({ intent: 'Größe 数 🚀 \u202e \0' }),
    'parameters 63 levels deep': `{"intent":"a","params":{"a":${deep(62)}}}`,
    'brackets and quotes inside strings': json({ intent: `${'['.repeat(100)}{"a":"\\"` }),
    'equal keys in different objects': '{"intent":"a","params":{"a":{"b":1},"b":{"b":2}}}',
    'forbidden words as values': json({ intent: '__proto__', params: { a: 'constructor' } }),
    'white space around everything': ' {\t"intent"\r\n: "a" }\n',
    'an escaped key': '{"\\u0069ntent":"a"}',
  }

  for (const [name, body] of Object.entries(accepted)) {
    it(`may be ${name}`, async () =>
      expect((await post(plainPort(), INTENT, body)).status).toBe(200))
  }

  const refused: { readonly [name: string]: readonly [Body, number?] } = {
    empty: [''],
    'not JSON': ['intent=hello'],
    'JSON cut short': ['{"intent":"a"'],
    'two JSON values': ['{"intent":"a"}{"intent":"b"}'],
    'JSON with a comment': ['{"intent":"a"/* b */}'],
    'JSON with a trailing comma': ['{"intent":"a",}'],
    'JSON with single quotes': ["{'intent':'a'}"],
    'JSON with NaN': ['{"intent":"a","params":{"n":NaN}}'],
    'JSON with a raw line break in a string': ['{"intent":"a\nb"}'],
    'JSON after a byte order mark': ['\ufeff{"intent":"a"}'],
    'JSON in UTF-16': [Buffer.from(json({ intent: 'a' }), 'utf16le')],
    'bytes that are not UTF-8': [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    null: ['null'],
    'a list': ['[{"intent":"a"}]'],
    'a string': ['"intent"'],
    'a number': ['1'],
    'without intent': ['{}'],
    'with an intent that is a list': [json({ intent: ['a'] })],
    'with an intent that is null': [json({ intent: null })],
    'with an empty intent': [json({ intent: '' })],
    'with an intent of white space': [json({ intent: ' \n\t\u00a0' })],
    'with a lone surrogate': ['{"intent":"\\ud800"}'],
    'with an intent that is too long': [json({ intent: 'a'.repeat(1_001) }), 413],
    'with a session that is a number': [json({ intent: 'a', sessionId: 1 })],
    'with an empty session': [json({ intent: 'a', sessionId: '' })],
    'with a session of 129 characters': [json({ intent: 'a', sessionId: 's'.repeat(129) }), 413],
    'with parameters in a list': [json({ intent: 'a', params: [] })],
    'with parameters that are null': [json({ intent: 'a', params: null })],
    'with an unknown field': [json({ intent: 'a', stream: true })],
    'with the user it would like to be': [json({ intent: 'a', user: { userId: 'root' } })],
    'with intent twice': ['{"intent":"harmless","intent":"other"}'],
    'with intent twice, once escaped': ['{"intent":"harmless","\\u0069ntent":"other"}'],
    'with a key twice further down': ['{"intent":"a","params":{"b":[{"c":1,"c":2}]}}'],
    'with __proto__': ['{"intent":"a","params":{"__proto__":{"isAdmin":true}}}'],
    'with __proto__, escaped': ['{"intent":"a","params":{"\\u005f_proto__":{"isAdmin":true}}}'],
    'with __proto__ at the top': ['{"intent":"a","__proto__":{"sessionId":"s"}}'],
    'with constructor': ['{"intent":"a","params":{"constructor":{"prototype":{}}}}'],
    'with prototype in a list': ['{"intent":"a","params":{"a":[{"prototype":1}]}}'],
    '65 levels deep': [`{"intent":"a","params":{"a":${deep(63)}}}`],
    '1 000 levels deep': [
      `{"intent":"a","params":${'{"a":'.repeat(300)}${deep(1_000)}${'}'.repeat(300)}}`,
    ],
  }

  for (const [name, [body, status = 400]] of Object.entries(refused)) {
    it(`may not be ${name}`, async () => {
      const port = plainPort()
      const code = status === 413 ? 'ERR_REQUEST_TOO_LARGE' : 'ERR_REQUEST_INVALID'
      await expectProblem(await post(port, INTENT, body), status, code)
      expect(port.calls).toEqual([])
    })
  }

  it('is told which field is unknown, and which are known', async () => {
    const body = await expectProblem(
      await post(plainPort(), INTENT, json({ intent: 'a', streem: 1 })),
      400,
      'ERR_REQUEST_INVALID',
    )
    expect(body['detail']).toContain('"streem"')
    expect(body['detail']).toContain('intent, sessionId, params')
  })

  it('is not echoed when the name of a field is a text', async () => {
    const response = await post(plainPort(), INTENT, json({ intent: 'a', '<script>x</script>': 1 }))
    expect(await response.text()).not.toContain('script')
  })

  it('is refused when it holds a 200 000-character intent, though the body may be that large', async () => {
    const port = plainPort({ maxBodyBytes: 1_048_576, maxIntentLength: 16_384 })
    const response = await post(port, INTENT, json({ intent: 'a'.repeat(200_000) }))
    await expectProblem(response, 413, 'ERR_REQUEST_TOO_LARGE')
  })

  it('is read in linear time when it is a megabyte of brackets, quotes or keys', async () => {
    const port = plainPort({ maxBodyBytes: 2_097_152 })
    const keys = Array.from({ length: 100_000 }, (_, n) => `"k${n}":1`).join(',')
    const bodies = [
      '['.repeat(1e6),
      `"${'\\"'.repeat(5e5)}"`,
      `{"a":"${' '.repeat(1e6)}"`,
      `{${keys}}`,
    ]
    const started = performance.now()
    for (const body of bodies) {
      await expectProblem(await post(port, INTENT, body), 400, 'ERR_REQUEST_INVALID')
    }
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

describe('the body of POST /agent/<name>/execute', () => {
  it('reaches the app with code, language and data', async () => {
    const port = plainPort()
    const body = json({ code: 'return data.a', language: 'ts', data: { a: [1] } })
    expect((await post(port, EXECUTE, body)).status).toBe(200)
    expect(port.calls).toMatchObject([
      { method: 'execute', args: [{ code: 'return data.a', language: 'ts', data: { a: [1] } }] },
    ])
  })

  it('is JavaScript without data if nothing else is said', async () => {
    const port = plainPort()
    await post(port, EXECUTE, json({ code: '' }))
    expect(port.calls).toMatchObject([{ args: [{ code: '', language: 'js', data: null }] }])
  })

  const refused = {
    'without code': { language: 'js' },
    'with code that is a list': { code: ['return 1'] },
    'with another language': { code: 'x', language: 'python' },
    'with a language that is null': { code: 'x', language: null },
    'with an intent': { code: 'x', intent: 'y' },
    'with a lone surrogate in the code': { code: '\ud800' },
  }

  for (const [name, body] of Object.entries(refused)) {
    it(`may not be ${name}`, async () => {
      const port = plainPort()
      await expectProblem(await post(port, EXECUTE, json(body)), 400, 'ERR_REQUEST_INVALID')
      expect(port.calls).toEqual([])
    })
  }
})

describe('media types', () => {
  const accepted = [
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ]
  for (const type of accepted) {
    it(`takes ${type}`, async () => {
      const headers = { ...JSON_HEADERS, 'Content-Type': type }
      expect((await post(plainPort(), INTENT, json({ intent: 'a' }), headers)).status).toBe(200)
    })
  }

  const refused = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-7',
    'application/jsonp',
    'application/ld+json',
    'json',
  ]
  for (const type of refused) {
    it(`refuses ${type}`, async () => {
      const port = plainPort()
      const headers = { ...JSON_HEADERS, 'Content-Type': type }
      const response = await post(port, INTENT, json({ intent: 'a' }), headers)
      await expectProblem(response, 415, 'ERR_REQUEST_MEDIA_TYPE')
      expect(port.calls).toEqual([])
    })
  }

  it('refuses a body without a type', async () => {
    const body = Buffer.from(json({ intent: 'a' }))
    const response = await post(plainPort(), INTENT, body, { 'X-API-Key': KEY })
    await expectProblem(response, 415, 'ERR_REQUEST_MEDIA_TYPE')
  })

  it('refuses a compressed body, which could be a bomb', async () => {
    const headers = { ...JSON_HEADERS, 'Content-Encoding': 'gzip' }
    const response = await post(plainPort(), INTENT, Buffer.alloc(20), headers)
    await expectProblem(response, 415, 'ERR_REQUEST_MEDIA_TYPE')
  })
})

/** A body that says how often somebody wanted to read it. */
function countingBody(): { readonly body: ReadableStream; readonly pulled: () => number } {
  let pulled = 0
  const pull = (): void => {
    pulled += 1
  }
  return { body: new ReadableStream({ pull }, { highWaterMark: 0 }), pulled: () => pulled }
}

describe('the limit of a body', () => {
  const padded = (bytes: number): string => {
    const body = json({ intent: 'a', params: { pad: '' } })
    return body.replace('""', `"${'x'.repeat(bytes - body.length)}"`)
  }

  it('lets a body of exactly the limit pass, and one byte more not', async () => {
    expect((await post(plainPort(), INTENT, padded(4_096))).status).toBe(200)
    const response = await post(plainPort(), INTENT, padded(4_097))
    await expectProblem(response, 413, 'ERR_REQUEST_TOO_LARGE')
  })

  it('is counted in bytes, not in characters', async () => {
    const body = json({ intent: 'a', params: { pad: '€'.repeat(2_000) } })
    await expectProblem(await post(plainPort(), INTENT, body), 413, 'ERR_REQUEST_TOO_LARGE')
  })

  it('believes a declared length that is too long before reading anything', async () => {
    const { body, pulled } = countingBody()
    const headers = { ...JSON_HEADERS, 'Content-Length': '4097' }
    const response = await post(plainPort(), INTENT, body, headers)
    await expectProblem(response, 413, 'ERR_REQUEST_TOO_LARGE')
    expect(pulled()).toBe(0)
  })

  const lengths = [undefined, '10', '-1', 'x']
  for (const length of lengths) {
    it(`counts what really comes in when the declared length is ${length}`, async () => {
      let pulled = 0
      let isCancelled = false
      const body = new ReadableStream(
        {
          pull(controller) {
            pulled += 1
            controller.enqueue(new Uint8Array(1_024).fill(0x20))
          },
          cancel() {
            isCancelled = true
          },
        },
        { highWaterMark: 0 },
      )
      const declared = length === undefined ? {} : { 'Content-Length': length }
      const response = await post(plainPort(), INTENT, body, { ...JSON_HEADERS, ...declared })
      await expectProblem(response, 413, 'ERR_REQUEST_TOO_LARGE')
      expect(pulled).toBe(5)
      expect(isCancelled).toBe(true)
    })
  }

  it('answers 400 to a body that breaks off', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
    await expectProblem(await post(plainPort(), INTENT, body), 400, 'ERR_REQUEST_INVALID')
  })

  it('holds for every route that takes a body', async () => {
    for (const path of [EXECUTE, '/approvals/ap-1/resolve']) {
      const response = await post(plainPort(), path, padded(5_000))
      await expectProblem(response, 413, 'ERR_REQUEST_TOO_LARGE')
    }
  })

  it('does not read the body of a stranger', async () => {
    const { body, pulled } = countingBody()
    const response = await send(plainPort(), INTENT, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit)
    await expectProblem(response, 401, 'ERR_AUTHENTICATION_REQUIRED')
    expect(pulled()).toBe(0)
  })
})
