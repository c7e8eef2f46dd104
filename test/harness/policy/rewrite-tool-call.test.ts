import { afterAll, describe, expect, it } from 'vitest'
import { ToolError } from '../../../harness/errors.ts'
import type { JsonValue } from '../../../harness/json-value.ts'
import { DataPolicy } from '../../../harness/policy/data-policy.ts'
import type { Policy, PolicyContext } from '../../../harness/policy/policy.ts'
import { type RewritingPolicy, rewriteToolCall } from '../../../harness/policy/rewrite-tool-call.ts'
import type { Tool } from '../../../harness/sandbox/tool-host.ts'
import { ALICE, shopPolicy } from './sql/row-filter-shop.ts'

const policy = new DataPolicy(shopPolicy)
const unfiltered = new DataPolicy({ readableTables: ['orders'] })
afterAll(async () => {
  await Promise.all([policy.close(), unfiltered.close()])
})

function sqlTool(sql: { dialect: 'sqlite'; argument: string; parameters?: string }): Tool {
  return {
    name: 'sql',
    description: 'Runs SQL',
    input: { jsonSchema: {}, validate: (value) => ({ ok: true, value }) },
    readOnly: false,
    idempotent: false,
    sql,
    run: async () => [],
  }
}

const tool = sqlTool({ dialect: 'sqlite', argument: 'query', parameters: 'params' })
const withoutParameters = sqlTool({ dialect: 'sqlite', argument: 'query' })

function contextFor(requester: PolicyContext['requester']): PolicyContext {
  return {
    runId: 'run-1',
    endpoint: 'analytics',
    action: 'read',
    requester,
    tools: new Map([[tool.name, tool]]),
    signal: new AbortController().signal,
  }
}

const codesOf = async (argument: JsonValue, requester = ALICE, called = tool) => {
  const findings = await policy.evaluateToolCall({ tool: called, argument }, contextFor(requester))
  return findings.map(({ reasonCode }) => reasonCode)
}

describe('rewriteToolCall', () => {
  it('narrows the statement of a call and binds the tenant beside the values of the caller', async () => {
    const argument = { query: 'SELECT id FROM orders WHERE id = ?', params: [1], more: true }
    expect(await codesOf(argument)).toEqual([])
    const effective = await rewriteToolCall([policy], { tool, argument }, contextFor(ALICE))
    expect(effective).toEqual({
      query: expect.stringMatching(/^WITH "orders" AS .* SELECT id FROM orders WHERE id = \?$/),
      params: ['acme', 1],
      more: true,
    })
    expect(argument.params).toEqual([1])
  })

  it('leaves calls alone that no filter concerns', async () => {
    const argument = { query: 'SELECT id FROM products', params: ['x'] }
    const context = contextFor(null)
    expect(await rewriteToolCall([policy], { tool, argument }, context)).toBe(argument)
    expect(await rewriteToolCall([unfiltered], { tool, argument }, context)).toBe(argument)
    const { sql: _, ...plain } = tool
    expect(await rewriteToolCall([policy], { tool: plain, argument }, context)).toBe(argument)
  })

  it('denies a call that the policy denies, with a finding and when asked to rewrite it', async () => {
    const calls: readonly (readonly [JsonValue, typeof ALICE | null, Tool])[] = [
      [{ query: 'SELECT id FROM main.orders' }, ALICE, tool],
      [{ query: 'SELECT id FROM orders' }, null, tool],
      [{ query: 'SELECT id FROM orders' }, ALICE, withoutParameters],
      [{ query: 'SELECT :a FROM orders', params: [1] }, ALICE, tool],
    ]
    for (const [argument, requester, called] of calls) {
      const context = contextFor(requester)
      const call = { tool: called, argument }
      const findings = await policy.evaluateToolCall(call, context)
      expect(findings).toMatchObject([{ reasonCode: 'row-filter', severity: 'violation' }])
      await expect(rewriteToolCall([policy], call, context)).rejects.toThrow(ToolError)
    }
  })

  it('denies a call whose statement is not a string', async () => {
    const call = { tool, argument: { query: ['SELECT 1'] } }
    await expect(rewriteToolCall([policy], call, contextFor(ALICE))).rejects.toThrow(ToolError)
  })

  it('hands each policy what the one before it made of the call', async () => {
    const adding = (letter: string): RewritingPolicy => ({
      name: letter,
      rewriteToolCall: ({ argument }) => `${argument}${letter}`,
    })
    const silent: Policy = { name: 'silent' }
    const observing: Policy = Object.assign(adding('x'), { mode: 'observe' as const })
    const policies = [adding('a'), silent, observing, adding('b')]
    expect(await rewriteToolCall(policies, { tool, argument: '-' }, contextFor(null))).toBe('-ab')
  })
})
