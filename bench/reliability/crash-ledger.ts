/** What is asked of a server: a program that counts, one that pays, or one that a person must approve. */
export type OrderKind = 'count' | 'pay' | 'gate'

/** One thing that was asked for, and what the server has acknowledged of it. */
export interface Order {
  /** Sent as `Idempotency-Key`, and part of the argument of every call. */
  readonly id: string
  readonly kind: OrderKind
  /** How many calls it makes. */
  readonly calls: number
  runId: string | null
  /** The status with which the run was said to have ended. */
  ended: string | null
  approvalId: string | null
  /** Whether the yes of a person was acknowledged. */
  isApproved: boolean
}

const CALLS: Readonly<Record<OrderKind, number>> = { count: 3, pay: 1, gate: 1 }

/** Makes the next order: mostly counting, as that has the most to lose. */
export function newOrder(id: string, random: () => number): Order {
  const chance = random()
  const kind = chance < 0.5 ? 'count' : chance < 0.65 ? 'pay' : 'gate'
  const nothing = { runId: null, ended: null, approvalId: null, isApproved: false }
  return { id, kind, calls: CALLS[kind], ...nothing }
}

/** The name of a call among all that are ever made. */
export function callOf(order: Order, n: number): string {
  return `${order.id}:${n}`
}

/** The endpoint that an order goes to, and its program. */
export function requestOf({ id, kind, calls }: Order): { endpoint: string; code: string } {
  const tool = kind === 'pay' ? 'pay' : 'count'
  const loop = `for (let n = 0; n < ${calls}; n++) seen.push((await tools.${tool}({ call: '${id}:' + n })).call)`
  return {
    endpoint: kind === 'gate' ? 'gate' : 'free',
    code: `const seen = []; ${loop}; return seen`,
  }
}
