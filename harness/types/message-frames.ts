import { Buffer } from 'node:buffer'

const SEPARATOR = '\r\n\r\n'
// A header is some 25 bytes long.
const MAX_HEADER_BYTES = 256

/** Puts a length in front of a message, as the base protocol of language servers has it. */
export function frameMessage(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  return Buffer.concat([Buffer.from(`Content-Length: ${body.length}${SEPARATOR}`), body])
}

/** What a stream came to that is not a stream of messages, or has one that is too long. */
export class FrameError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FrameError'
  }
}

/** Cuts a stream of bytes into messages. Holds no more than one message of the greatest length. */
export class FrameReader {
  readonly #maxBytes: number
  #chunks: Buffer[] = []
  #heldBytes = 0
  /** Length of the message whose body is on its way. */
  #wantedBytes: number | null = null

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * Takes the next bytes and gives the messages that are complete by then, as JSON text.
   *
   * @throws {FrameError} The stream cannot be read on.
   */
  push(chunk: Buffer): string[] {
    this.#chunks.push(chunk)
    this.#heldBytes += chunk.length
    const messages: string[] = []
    for (;;) {
      const message = this.#next()
      if (message === null) return messages
      messages.push(message)
    }
  }

  #next(): string | null {
    if (this.#wantedBytes === null) {
      const held = this.#join()
      const end = held.indexOf(SEPARATOR)
      if (end === -1) {
        if (held.length > MAX_HEADER_BYTES) throw new FrameError('There is no message header')
        return null
      }
      const length = /^Content-Length: (\d{1,10})$/im.exec(held.toString('latin1', 0, end))?.[1]
      if (length === undefined) throw new FrameError('The message header has no length')
      if (Number(length) > this.#maxBytes) throw new FrameError('The message is too long')
      this.#wantedBytes = Number(length)
      this.#hold(held.subarray(end + SEPARATOR.length))
    }
    if (this.#heldBytes < this.#wantedBytes) return null
    const held = this.#join()
    const message = held.toString('utf8', 0, this.#wantedBytes)
    this.#hold(held.subarray(this.#wantedBytes))
    this.#wantedBytes = null
    return message
  }

  /** Joined only where a decision needs it, so that a long message is not copied for each of its chunks. */
  #join(): Buffer {
    const held = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks)
    this.#hold(held ?? Buffer.alloc(0))
    return held ?? Buffer.alloc(0)
  }

  #hold(bytes: Buffer): void {
    this.#chunks = [bytes]
    this.#heldBytes = bytes.length
  }
}
