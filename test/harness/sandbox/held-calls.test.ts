import { describe, expect, it } from 'vitest'
import type { ApprovalRequest } from '../../../harness/approval/approval-request.ts'
import { HeldCalls } from '../../../harness/sandbox/held-calls.ts'
import { setUp } from '../approval/asked.ts'

function later(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

async function twoRequests(): Promise<readonly [ApprovalRequest, ApprovalRequest]> {
  const { request } = setUp()
  return [await request(), await request()]
}

describe('held calls', () => {
  it('put a program away once everything it has asked for waits', async () => {
    const [first, second] = await twoRequests()
    const { promise: rested, resolve } = Promise.withResolvers<void>()
    const held = new HeldCalls(resolve)
    held.begin()
    held.begin()
    const waiting = [held.hold([first]), held.hold([second, first])]
    await rested
    expect(held.requests).toEqual([first, second])
    held.release()
    await Promise.all(waiting)
  })

  it('do not put it away for calls that are on their way, nor when none is held', async () => {
    const [first] = await twoRequests()
    let isAtRest = false
    const held = new HeldCalls(() => {
      isAtRest = true
    })
    held.begin()
    held.end()
    await later(40)
    expect(isAtRest).toBe(false)
    held.begin()
    held.begin()
    const waiting = held.hold([first])
    await later(40)
    expect(isAtRest).toBe(false)
    held.end()
    await expect.poll(() => isAtRest).toBe(true)
    held.release()
    await waiting
  })

  it('put it away all the same when it does not come to rest', async () => {
    const [first] = await twoRequests()
    const { promise: rested, resolve } = Promise.withResolvers<void>()
    const held = new HeldCalls(resolve)
    held.begin()
    held.begin()
    const waiting = held.hold([first])
    await rested
    held.release()
    await waiting
  })

  it('let go at once of what comes after the end', async () => {
    const [first] = await twoRequests()
    const held = new HeldCalls(() => {})
    held.release()
    held.begin()
    await held.hold([first])
    held.end()
  })
})
