import { defineTool, jsonSchema, type Tool } from '../../src/index.ts'

/** A tool that counts how often it really ran, and with what. */
export interface CountingTool {
  readonly tool: Tool
  readonly calls: readonly { readonly amount: number; readonly idempotencyKey: string }[]
}

/** A tool `pay` that takes `{ amount }` and is not `readOnly` unless told so. */
export function countingTool(
  options: { readonly readOnly?: boolean; readonly name?: string } = {},
): CountingTool {
  const calls: { amount: number; idempotencyKey: string }[] = []
  const tool = defineTool({
    name: options.name ?? 'pay',
    description: 'Pays an amount',
    input: jsonSchema<{ amount: number }>({
      type: 'object',
      properties: { amount: { type: 'number' } },
      required: ['amount'],
      additionalProperties: false,
    }),
    readOnly: options.readOnly ?? false,
    run({ amount }, { idempotencyKey }) {
      calls.push({ amount, idempotencyKey })
      return { paid: amount, times: calls.length }
    },
  })
  return { tool, calls }
}
