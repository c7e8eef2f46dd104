import { RequestError } from '../errors.ts'
import type { ApprovalNotice } from '../notifiers/approval-notice.ts'

/** How a stream learns of things, and how it stops. */
export type FollowApprovals = (
  /** Takes a notice, or `null` when there will be none any more. */
  tell: (notice: ApprovalNotice | null) => void,
  lastEventId: string | null,
) => Promise<() => void>

/** Whoever listens shows their credential again after so long: it may hold no more. */
const LONGEST_MS = 900_000
/** Proxies cut what is silent. */
const HEARTBEAT_MS = 15_000
/** So many bytes may wait for a reader who is slow. */
const MAX_WAITING_BYTES = 262_144
const MAX_STREAMS = 1_000
const EVENT_ID = /^evt_[\w-]{1,64}$/

/** The streams of one app: bounded in number, and ended when it closes. */
export class ApprovalStreams {
  readonly #open = new Set<() => void>()

  /**
   * Answers with server-sent events: `id` and `event` of each are those of its notice, `data` is the notice.
   *
   * @throws {RequestError} `ERR_OVERLOADED` when too many listen.
   */
  async answer(request: Request, follow: FollowApprovals): Promise<Response> {
    if (this.#open.size >= MAX_STREAMS) {
      throw new RequestError('ERR_OVERLOADED', 'Too many listen already; try again later')
    }
    const stream = new EventStream(request.signal)
    const end = () => stream.end()
    this.#open.add(end)
    void stream.ended.then(() => this.#open.delete(end))
    try {
      stream.endsWith(await follow((notice) => stream.send(notice), lastEventIdOf(request)))
    } catch (error) {
      stream.end()
      throw error
    }
    if (request.method === 'HEAD') stream.end()
    const headers = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' }
    return new Response(request.method === 'HEAD' ? null : stream.body, { headers })
  }

  /** Ends them all. */
  close(): void {
    for (const end of this.#open) end()
  }
}

class EventStream {
  readonly body: ReadableStream<Uint8Array>
  readonly ended: Promise<void>
  readonly #encoder = new TextEncoder()
  readonly #signal: AbortSignal
  readonly #timers: NodeJS.Timeout[]
  readonly #resolveEnded: () => void
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #stop: (() => void) | null = null
  #isOver = false

  constructor(signal: AbortSignal) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#resolveEnded = resolve
    this.#signal = signal
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.end(),
      },
      { highWaterMark: MAX_WAITING_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    )
    this.#write(': listening\n\n')
    this.#timers = [
      setInterval(() => this.#write(': still here\n\n'), HEARTBEAT_MS),
      setTimeout(() => this.end(), LONGEST_MS),
    ]
    for (const timer of this.#timers) timer.unref()
    signal.addEventListener('abort', this.end, { once: true })
    if (signal.aborted) this.end()
  }

  /** Says what ends with it. */
  endsWith(stop: () => void): void {
    if (this.#isOver) stop()
    else this.#stop = stop
  }

  send(notice: ApprovalNotice | null): void {
    if (notice === null) return this.end()
    // JSON has no line breaks of its own, so one line of data is the whole of it.
    this.#write(`id: ${notice.id}\nevent: ${notice.type}\ndata: ${JSON.stringify(notice)}\n\n`)
  }

  readonly end = (): void => {
    if (this.#isOver) return
    this.#isOver = true
    for (const timer of this.#timers ?? []) clearTimeout(timer)
    this.#signal.removeEventListener('abort', this.end)
    this.#stop?.()
    this.#resolveEnded()
    try {
      this.#controller?.close()
    } catch {
      // Whoever read it has cancelled it, which closes it as well.
    }
  }

  #write(text: string): void {
    if (this.#isOver || this.#controller === null) return
    // A reader who is that slow comes back and says what they have seen last.
    if ((this.#controller.desiredSize ?? 0) <= 0) return this.end()
    this.#controller.enqueue(this.#encoder.encode(text))
  }
}

function lastEventIdOf(request: Request): string | null {
  const id = request.headers.get('last-event-id')
  return id !== null && EVENT_ID.test(id) ? id : null
}
