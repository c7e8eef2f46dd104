import type { Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import type { ProcessExit, SpawnedProcess } from '../../harness/sandbox/spawner.ts'

/** What a fake child does with a message of the host. `payload` is JSON text. */
export type ChildBehaviour = (
  child: FakeProcess,
  message: Readonly<Record<string, unknown>>,
  payload: string,
) => void

// Above the largest id that Linux gives: nothing that reads or signals it can hit a real process.
const NO_PROCESS = 4_194_305
const LENGTH_BYTES = 4
const WITH_PAYLOAD: ReadonlySet<unknown> = new Set(['run', 'answer'])

/** The child's end of a channel in memory, behind the same interface as a started process. */
export class FakeProcess implements SpawnedProcess {
  readonly pid: number = NO_PROCESS
  readonly channel: Socket
  readonly exited: Promise<ProcessExit>
  readonly lastWords: string = ''
  readonly #behaviour: ChildBehaviour
  readonly #end: Duplex
  readonly #exit = Promise.withResolvers<ProcessExit>()
  #isAlive = true
  #bytes: Buffer = Buffer.alloc(0)
  #header: Record<string, unknown> | null = null

  constructor(behaviour: ChildBehaviour) {
    const [host, child] = duplexPair()
    // What the channel is used for is common to sockets and to every other stream of two ways.
    this.channel = host as unknown as Socket
    this.exited = this.#exit.promise
    this.#behaviour = behaviour
    this.#end = child
    child.on('error', () => undefined)
    // A stream in memory delivers within the call that writes; a process never answers that fast.
    child.on('data', (bytes: Buffer) => void setImmediate(() => this.#receive(bytes)))
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Sends bytes as they are, one piece after the other. */
  send(...pieces: readonly Buffer[]): void {
    for (const piece of pieces) if (this.#isAlive) this.#end.write(piece)
  }

  /** Ends like a process that exits by itself. */
  exit(): void {
    if (!this.#isAlive) return
    this.#isAlive = false
    // What was written before is read before the end is noticed, as with a real channel.
    this.#end.end(() => {
      this.#end.destroy()
      this.#exit.resolve({ code: 0, signal: null })
    })
  }

  kill(): void {
    if (this.#isAlive) this.#end.destroy()
    this.#isAlive = false
    this.#exit.resolve({ code: null, signal: 'SIGKILL' })
  }

  #receive(bytes: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    while (this.#bytes.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.#bytes.readUInt32BE(0)
      if (this.#bytes.length < end) return
      const text = this.#bytes.toString('utf8', LENGTH_BYTES, end)
      this.#bytes = this.#bytes.subarray(end)
      this.#onFrame(text)
    }
  }

  #onFrame(text: string): void {
    const header = this.#header ?? (JSON.parse(text) as Record<string, unknown>)
    if (this.#header === null && WITH_PAYLOAD.has(header['type'])) {
      this.#header = header
      return
    }
    this.#header = null
    this.#behaviour(this, header, text)
  }
}
