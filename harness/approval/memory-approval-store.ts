import type { Requester } from '../requester.ts'
import type { ApprovalRequest } from './approval-request.ts'
import type { ApprovalFilter, ApprovalStore } from './approval-store.ts'
import { canSee, isListedApprover } from './approval-visibility.ts'

/** How a {@link MemoryApprovalStore} is bounded. */
export interface MemoryApprovalStoreOptions {
  /** Most requests kept; the oldest is forgotten first. Default 10 000. */
  readonly maxRequests?: number
}

/** Approval requests for as long as the process lives: for tests and for a harness that works alone. */
export class MemoryApprovalStore implements ApprovalStore {
  readonly #requests = new Map<string, ApprovalRequest>()
  readonly #maxRequests: number

  constructor(options: MemoryApprovalStoreOptions = {}) {
    this.#maxRequests = options.maxRequests ?? 10_000
    if (!Number.isSafeInteger(this.#maxRequests) || this.#maxRequests < 1) {
      throw new RangeError('MemoryApprovalStore maxRequests must be a positive whole number')
    }
  }

  async insert(request: ApprovalRequest): Promise<void> {
    if (this.#requests.has(request.id)) throw new TypeError('The approval request exists already')
    this.#requests.set(request.id, structuredClone(request))
    for (const id of this.#requests.keys()) {
      if (this.#requests.size <= this.#maxRequests) break
      this.#requests.delete(id)
    }
  }

  async get(id: string): Promise<ApprovalRequest | null> {
    return this.#requests.get(id) ?? null
  }

  async list(filter: ApprovalFilter): Promise<readonly ApprovalRequest[]> {
    const { states, runId, visibleTo, actingFor = [], before, limit = 100 } = filter
    const requests = [...this.#requests.values()].reverse()
    const start = before === undefined ? 0 : requests.findIndex(({ id }) => id === before) + 1
    if (before !== undefined && start === 0) return []
    return requests
      .slice(start)
      .filter((request) => states === undefined || states.includes(request.state))
      .filter((request) => runId === undefined || request.runId === runId)
      .filter((request) => visibleTo === undefined || canComeToSee(request, visibleTo, actingFor))
      .slice(0, Math.max(0, Math.min(limit, 1_000)))
  }

  async replace(next: ApprovalRequest): Promise<boolean> {
    if (this.#requests.get(next.id)?.version !== next.version - 1) return false
    this.#requests.set(next.id, structuredClone(next))
    return true
  }

  async due(now: number): Promise<readonly ApprovalRequest[]> {
    return [...this.#requests.values()].filter(
      ({ state, expiresAt, escalation }) =>
        (state === 'pending' && (expiresAt <= now || (escalation?.at ?? Infinity) <= now)) ||
        (state === 'escalated' && expiresAt <= now),
    )
  }
}

function canComeToSee(
  stored: ApprovalRequest,
  user: Requester,
  actingFor: readonly Requester[],
): boolean {
  const request: ApprovalRequest = { ...stored, state: 'escalated' }
  return canSee(request, user) || actingFor.some((person) => isListedApprover(request, person))
}
