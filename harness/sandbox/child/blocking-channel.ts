import { readSync, writeSync } from 'node:fs'

/** Thrown when the host end of the channel is gone: nothing is left to do but to exit. */
export class ChannelClosed extends Error {}

const LENGTH_BYTES = 4
const READ_AHEAD_BYTES = 65_536
// A program that prints or calls a lot is heard from before its turn is over.
const FLUSH_BYTES = 32_768

/**
 * The child's end of the channel: frames of JSON text with a 4-byte big-endian length, read and
 * written with blocking calls. Blocking is what makes it fast, and it needs no event loop once the
 * process is sealed. What is written leaves with `flush`, in one piece.
 */
export class BlockingChannel {
  readonly #descriptor: number
  readonly #ahead = Buffer.allocUnsafeSlow(READ_AHEAD_BYTES)
  #start = 0
  #end = 0
  #pending: Buffer[] = []
  #pendingBytes = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** Whether something written has not left yet. */
  get hasPending(): boolean {
    return this.#pendingBytes > 0
  }

  /** Waits for the next frame. */
  read(): string {
    const bytes = this.readBytes()
    return bytes.toString('utf8')
  }

  /** Waits for the next frame. The bytes are good until the next reading. */
  readBytes(): Buffer {
    this.#fill(LENGTH_BYTES)
    const length = this.#ahead.readUInt32BE(this.#start)
    this.#start += LENGTH_BYTES
    if (length > READ_AHEAD_BYTES - LENGTH_BYTES) return this.#readLarge(length)
    this.#fill(length)
    const bytes = this.#ahead.subarray(this.#start, this.#start + length)
    this.#start += length
    return bytes
  }

  write(text: string): void {
    const length = Buffer.byteLength(text)
    const frame = Buffer.allocUnsafe(LENGTH_BYTES + length)
    frame.writeUInt32BE(length, 0)
    frame.write(text, LENGTH_BYTES)
    this.#pending.push(frame)
    this.#pendingBytes += frame.length
    if (this.#pendingBytes > FLUSH_BYTES) this.flush()
  }

  /** Sends what was written. */
  flush(): void {
    if (this.#pendingBytes === 0) return
    const [first] = this.#pending
    const all = this.#pending.length === 1 && first ? first : Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    for (let sent = 0; sent < all.length; ) sent += writeSync(this.#descriptor, all, sent)
  }

  /** Reads until so many bytes are there. */
  #fill(length: number): void {
    if (this.#end - this.#start >= length) return
    if (this.#start > 0) {
      this.#ahead.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    while (this.#end < length) this.#end += this.#readSome(this.#ahead, this.#end)
  }

  #readLarge(length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length)
    let filled = this.#ahead.copy(bytes, 0, this.#start, Math.min(this.#end, this.#start + length))
    this.#start += filled
    while (filled < length) filled += this.#readSome(bytes, filled)
    return bytes
  }

  #readSome(bytes: Buffer, at: number): number {
    const count = readSync(this.#descriptor, bytes, at, bytes.length - at, null)
    if (count === 0) throw new ChannelClosed('The host closed the channel')
    return count
  }
}
