import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChildMessage } from '../../../harness/sandbox/child-message.ts'
import { encodeFrame, FrameDecoder, FrameError } from '../../../harness/sandbox/rpc-channel.ts'

const MAX_BYTES = 1000

function decode(chunks: readonly Buffer[], limit = MAX_BYTES): string[] {
  const frames: string[] = []
  const decoder = new FrameDecoder(
    () => limit,
    (text) => frames.push(text),
  )
  for (const chunk of chunks) decoder.push(chunk)
  return frames
}

/** Cuts bytes at arbitrary places. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [...cuts, bytes.length].map((end, i) => bytes.subarray(cuts[i - 1] ?? 0, end))
}

describe('the frame decoder', () => {
  it('gives back any texts, however the bytes are cut', () => {
    const texts = fc.array(
      fc.json({ maxDepth: 3 }).filter((text) => Buffer.byteLength(text) < MAX_BYTES),
    )
    fc.assert(
      fc.property(texts, fc.array(fc.nat()), (expected, places) => {
        const bytes = Buffer.concat(expected.map((text) => encodeFrame(text)))
        expect(decode(cut(bytes, places))).toEqual(expected)
      }),
    )
  })

  it('throws nothing but a FrameError at any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        try {
          decode(chunks.map((chunk) => Buffer.from(chunk)))
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError)
        }
      }),
      { numRuns: 2_000 },
    )
  })

  const malformed: Record<string, Buffer> = {
    'a length over the limit, before any of its bytes': Buffer.from([0, 0, 4, 0]),
    'the largest length there is': Buffer.from([255, 255, 255, 255]),
    'an empty frame': Buffer.alloc(4),
    'bytes that are no UTF-8': Buffer.concat([
      Buffer.from([0, 0, 0, 2]),
      Buffer.from([0xc3, 0x28]),
    ]),
    'arrays nested too deeply': encodeFrame('['.repeat(400)),
    'objects nested too deeply': encodeFrame('{"a":'.repeat(190) + '[{"b":'.repeat(60)),
  }
  for (const [name, bytes] of Object.entries(malformed)) {
    it(`refuses ${name}`, () => {
      expect(() => decode([bytes], name.includes('nested') ? 5_000 : MAX_BYTES)).toThrow(FrameError)
    })
  }

  it('does not count brackets inside strings', () => {
    const text = JSON.stringify({ text: `${'['.repeat(400)}\\"${'{'.repeat(200)}` })
    expect(decode([encodeFrame(text)])).toEqual([text])
  })

  it('asks for the limit anew for every frame', () => {
    const limits = [10, 2]
    const decoder = new FrameDecoder(
      () => limits.shift() ?? 0,
      () => undefined,
    )
    decoder.push(encodeFrame('"123456"'))
    expect(() => decoder.push(encodeFrame('"1"'))).toThrow(FrameError)
  })
})

describe('the reader of child messages', () => {
  const usage = { cpuUs: 12, memoryBytes: 34 }
  const read: Record<string, object> = {
    'a call': { type: 'call', run: 0, seq: 0, name: 'sql' },
    'a console line': { type: 'console', run: 3, level: 'warn', isTruncated: false },
    progress: { type: 'progress', run: 0, done: 1, total: null, label: 'rows' },
    'a turn that is over': { type: 'parked', run: 0, wakeInMs: 5, usage },
    'a turn that nothing wakes': { type: 'parked', run: 0, wakeInMs: null, usage },
    'a return': { type: 'returned', run: 0, usage },
    'an error': {
      type: 'threw',
      run: 0,
      usage,
      error: { name: 'E', message: 'm', line: 1, column: 2 },
    },
    'a limit': { type: 'limit', run: 0, usage, limit: 'memoryMb' },
  }
  for (const [name, message] of Object.entries(read)) {
    it(`reads ${name}`, () => expect(parseChildMessage(JSON.stringify(message))).toEqual(message))
  }

  const returned = JSON.stringify({ type: 'returned', run: 0, usage })
  it('drops fields that do not belong to the message', () => {
    const text = `{"value":1,"__proto__":{"x":1},${returned.slice(1)}`
    expect(parseChildMessage(text)).toEqual({ type: 'returned', run: 0, usage })
  })

  const refused: Record<string, string> = {
    'no JSON': returned.slice(0, -1),
    'two messages': returned + returned,
    'an unknown type': '{"type":"result","run":0,"value":"FORGED"}',
    'a type from the prototype': '{"type":"constructor","run":0}',
    'a message of the host': '{"type":"run","run":0,"code":""}',
    'a list': `[${returned}]`,
    'a message of no run': '{"type":"call","seq":0,"name":"a"}',
    'a negative run': '{"type":"call","run":-1,"seq":0,"name":"a"}',
    'a negative sequence number': '{"type":"call","run":0,"seq":-1,"name":"a"}',
    'a broken sequence number': '{"type":"call","run":0,"seq":0.5,"name":"a"}',
    'a name that is no text': '{"type":"call","run":0,"seq":0,"name":{}}',
    'an endless name': JSON.stringify({ type: 'call', run: 0, seq: 0, name: 'x'.repeat(10_000) }),
    'an unknown console level': '{"type":"console","run":0,"level":"fatal","isTruncated":false}',
    'an unknown limit': JSON.stringify({ type: 'limit', run: 0, usage, limit: 'timeoutMs' }),
    'an error without a message': JSON.stringify({
      type: 'threw',
      run: 0,
      usage,
      error: { name: 'E' },
    }),
    'an endless error': JSON.stringify({
      type: 'threw',
      run: 0,
      usage,
      error: { name: 'E', message: 'x'.repeat(20_000) },
    }),
    'an end without its usage': '{"type":"returned","run":0}',
    'a usage that is none': '{"type":"returned","run":0,"usage":{"cpuUs":"1","memoryBytes":-1}}',
    'a wake in the far future': `{"type":"parked","run":0,"wakeInMs":1e300,"usage":${JSON.stringify(usage)}}`,
    'progress without a number': '{"type":"progress","run":0,"done":null,"total":1,"label":""}',
    'progress backwards': '{"type":"progress","run":0,"done":-1,"total":1,"label":""}',
    'an endless label': JSON.stringify({
      type: 'progress',
      run: 0,
      done: 1,
      total: 1,
      label: 'x'.repeat(1_000),
    }),
  }
  for (const [name, text] of Object.entries(refused)) {
    it(`refuses ${name}`, () => expect(parseChildMessage(text)).toBeNull())
  }

  it('never throws', () => {
    const anything = fc.oneof(fc.string(), fc.json())
    const almost = fc
      .record({
        type: fc.constantFrom('call', 'ready', 'threw', 'wake', 'console'),
        seq: fc.anything(),
        error: fc.anything(),
      })
      .map((value) => JSON.stringify(value, (_, x) => (typeof x === 'bigint' ? 0 : x)))
    fc.assert(
      fc.property(fc.oneof(anything, almost), (text) => {
        const message = parseChildMessage(text)
        expect(message === null || typeof message.type === 'string').toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})
