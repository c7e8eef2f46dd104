import { newOrder, type Order, requestOf } from './crash-ledger.ts'

const AT_ONCE = 6
const RETRY_MS = 20

/** An answer that was read to its end. */
interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Asks a server for as much as it can until stopped, and remembers what was acknowledged. */
export class CrashClient {
  /** Everything that was ever asked for. */
  readonly orders: Order[] = []
  /** How many requests were answered. */
  answers = 0
  /** Statuses that nobody had reason to expect, with what was said. */
  readonly surprises: string[] = []
  readonly #random: () => number
  /** Asked for, and not known to have ended: asked again of the next server, under the same key. */
  #open: Order[] = []
  #nextId = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** Works until the server is gone or `signal` says so. */
  async work(url: string, signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#worker(url, signal)))
  }

  /** Asks again for everything that is not known to have ended, until nothing has ended for `patienceMs`. */
  async finish(url: string, patienceMs: number): Promise<void> {
    const over = new AbortController()
    const giveUp = () => over.abort()
    let timer = setTimeout(giveUp, patienceMs)
    const worker = async () => {
      for (;;) {
        const order = over.signal.aborted ? undefined : this.#open.shift()
        if (order === undefined) return
        await this.#carryOn(url, order, over.signal)
        if (order.ended === null) continue
        clearTimeout(timer)
        timer = setTimeout(giveUp, patienceMs)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    clearTimeout(timer)
  }

  /** How much is not known to have ended. */
  get openCount(): number {
    return this.#open.length
  }

  async #worker(url: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const order = this.#random() < 0.5 && this.#open.length > 0 ? this.#next() : this.#begin()
      await this.#carryOn(url, order, signal)
    }
  }

  #next(): Order {
    return this.#open.shift() ?? this.#begin()
  }

  #begin(): Order {
    const order = newOrder(`order-${this.#nextId++}`, this.#random)
    this.orders.push(order)
    return order
  }

  async #carryOn(url: string, order: Order, signal: AbortSignal): Promise<void> {
    try {
      if (order.approvalId === null || order.isApproved) await this.#ask(url, order, signal)
      else await this.#approve(url, order, order.approvalId, signal)
    } catch {
      // The server is gone, or its answer was cut off: nothing was acknowledged.
    }
    if (order.ended !== null) return
    this.#open.push(order)
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
  }

  async #ask(url: string, order: Order, signal: AbortSignal): Promise<void> {
    const { endpoint, code } = requestOf(order)
    const headers = { 'X-API-Key': 'clerk1', 'Idempotency-Key': order.id }
    const target = `${url}/agent/${endpoint}/execute`
    const { status, body } = await this.#send(target, { headers, body: { code }, signal })
    const { runId, approvalId } = body
    if (typeof runId === 'string') order.runId = runId
    if (status === 200) order.ended = 'completed'
    else if (status === 202) {
      if (typeof approvalId === 'string') order.approvalId ??= approvalId
    } else if (order.runId !== null && !isTemporary(status, body)) order.ended = 'ended otherwise'
    else if (!isTemporary(status, body)) this.surprises.push(`${status} ${JSON.stringify(body)}`)
  }

  async #approve(url: string, order: Order, id: string, signal: AbortSignal): Promise<void> {
    const headers = { 'X-API-Key': 'chief1' }
    const target = `${url}/approvals/${id}/resolve`
    const decision = { approve: true }
    const { status, body } = await this.#send(target, { headers, body: decision, signal })
    // 409: decided already, by a decision whose acknowledgement was lost.
    if (status === 200 || status === 409) order.isApproved = true
    else if (!isTemporary(status, body)) this.surprises.push(`${status} ${JSON.stringify(body)}`)
  }

  async #send(url: string, options: Sent): Promise<Answer> {
    const answer = await send(url, options)
    this.answers += 1
    return answer
  }
}

/** Whether asking again is what the answer asks for. */
function isTemporary(status: number, { code }: Answer['body']): boolean {
  return status === 503 || code === 'ERR_IDEMPOTENCY_IN_PROGRESS' || code === 'ERR_RUN_TAKEN_OVER'
}

interface Sent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: object
  readonly signal: AbortSignal
}

async function send(url: string, options: Sent): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...options.headers },
    body: JSON.stringify(options.body),
    signal: AbortSignal.any([options.signal, AbortSignal.timeout(20_000)]),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}
