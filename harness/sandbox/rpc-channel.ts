import { isUtf8 } from 'node:buffer'
import { isNestedDeeper, MAX_JSON_DEPTH } from './child/json-depth.ts'

/** Thrown by {@link FrameDecoder} for bytes that no honest child sends. */
export class FrameError extends Error {}

const LENGTH_BYTES = 4

/**
 * Cuts a stream of bytes from a child into frames. Everything in it is hostile: a length is checked
 * before a byte of its frame is kept, so a lie costs the child its run and the host nothing.
 */
export class FrameDecoder {
  readonly #onFrame: (text: string) => void
  #limit: () => number
  #chunks: Buffer[] = []
  #buffered = 0
  #expected: number | null = null

  /**
   * @param limit - The most bytes the next frame may have, asked when its length has arrived.
   * @param onFrame - Called with the text of each frame, in order.
   */
  constructor(limit: () => number, onFrame: (text: string) => void) {
    this.#limit = limit
    this.#onFrame = onFrame
  }

  /**
   * Takes the next bytes.
   *
   * @throws {FrameError} If a frame is empty, longer than allowed, nested too deeply or not UTF-8.
   */
  push(bytes: Buffer): void {
    this.#chunks.push(bytes)
    this.#buffered += bytes.length
    for (;;) {
      if (this.#expected === null) {
        if (this.#buffered < LENGTH_BYTES) return
        const length = this.#take(LENGTH_BYTES).readUInt32BE(0)
        if (length === 0 || length > this.#limit()) throw new FrameError('A frame has a bad length')
        this.#expected = length
      }
      if (this.#buffered < this.#expected) return
      const frame = this.#take(this.#expected)
      this.#expected = null
      if (isNestedDeeper(frame, MAX_JSON_DEPTH))
        throw new FrameError('A frame is nested too deeply')
      this.#onFrame(decode(frame))
    }
  }

  #take(length: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
    const bytes = all ?? Buffer.alloc(0)
    this.#chunks = bytes.length === length ? [] : [bytes.subarray(length)]
    this.#buffered -= length
    return bytes.subarray(0, length)
  }
}

/** The frame of a message, and behind it that of its payload: one piece, so that one write sends it. */
export function encodeFrame(text: string, payload?: string): Buffer {
  const length = Buffer.byteLength(text)
  if (payload === undefined) {
    const frame = Buffer.allocUnsafe(LENGTH_BYTES + length)
    frame.writeUInt32BE(length, 0)
    frame.write(text, LENGTH_BYTES)
    return frame
  }
  const payloadLength = Buffer.byteLength(payload)
  const frames = Buffer.allocUnsafe(2 * LENGTH_BYTES + length + payloadLength)
  frames.writeUInt32BE(length, 0)
  frames.write(text, LENGTH_BYTES)
  frames.writeUInt32BE(payloadLength, LENGTH_BYTES + length)
  frames.write(payload, 2 * LENGTH_BYTES + length)
  return frames
}

function decode(frame: Buffer): string {
  if (!isUtf8(frame)) throw new FrameError('A frame is not UTF-8')
  return frame.toString('utf8')
}
