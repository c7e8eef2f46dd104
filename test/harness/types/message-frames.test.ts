import { describe, expect, it } from 'vitest'
import { FrameError, FrameReader, frameMessage } from '../../../harness/types/message-frames.ts'

describe('FrameReader', () => {
  const messages = [{ a: 1 }, { text: 'ä😀' }, {}, { list: [1, 2, 3] }]
  const bytes = Buffer.concat(messages.map(frameMessage))
  const texts = messages.map((message) => JSON.stringify(message))

  it('gives what was framed, whole', () => {
    expect(new FrameReader(1_000).push(bytes)).toEqual(texts)
  })

  it('gives what was framed, byte by byte', () => {
    const reader = new FrameReader(1_000)
    const read = [...bytes].flatMap((byte) => reader.push(Buffer.from([byte])))
    expect(read).toEqual(texts)
  })

  it('takes a message of the greatest length', () => {
    const message = frameMessage({ text: 'x'.repeat(89) })
    expect(new FrameReader(100).push(message)).toHaveLength(1)
  })

  const refused = {
    'a message that is too long': frameMessage({ text: 'x'.repeat(90) }),
    'a header without a length': Buffer.from('Content-Type: text\r\n\r\n{}'),
    'text without a header': Buffer.from('x'.repeat(300)),
    'a length that is no number': Buffer.from('Content-Length: 1e3\r\n\r\n{}'),
  }
  for (const [name, stream] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      expect(() => new FrameReader(100).push(stream)).toThrow(FrameError)
    })
  }
})
