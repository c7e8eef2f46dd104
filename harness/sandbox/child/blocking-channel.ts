import { readSync, writeSync } from 'node:fs'

/** Thrown when the host end of the channel is gone: nothing is left to do but to exit. */
export class ChannelClosed extends Error {}

/**
 * The child's end of the channel: frames of JSON text with a 4-byte big-endian length, read and
 * written with blocking calls. Blocking is what makes it fast, and it needs no event loop once the
 * process is sealed.
 */
export class BlockingChannel {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Waits for the next frame. */
  read(): string {
    const length = this.#readExactly(4).readUInt32BE(0)
    return this.#readExactly(length).toString('utf8')
  }

  write(text: string): void {
    const length = Buffer.byteLength(text)
    const frame = Buffer.allocUnsafe(4 + length)
    frame.writeUInt32BE(length, 0)
    frame.write(text, 4)
    for (let sent = 0; sent < frame.length; ) {
      sent += writeSync(this.#descriptor, frame, sent)
    }
  }

  #readExactly(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let filled = 0; filled < length; ) {
      const count = readSync(this.#descriptor, bytes, filled, length - filled, null)
      if (count === 0) throw new ChannelClosed('The host closed the channel')
      filled += count
    }
    return bytes
  }
}
