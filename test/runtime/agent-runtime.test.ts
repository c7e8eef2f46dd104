import { describe, expect, it } from 'vitest'
import { AgentRuntime } from '../../runtime/agent-runtime.ts'
import type { ModelReply } from '../../runtime/llm/language-model.ts'
import { ScriptedModel } from '../../runtime/llm/scripted-model.ts'

const signal = new AbortController().signal
const request = {
  intent: { raw: 'How many orders?', params: null, action: 'read' },
  endpoint: { name: 'shop', description: 'Answers questions about orders' },
  tools: [],
  signal,
} as const

const write = (reply: string | ModelReply) =>
  new AgentRuntime({ model: new ScriptedModel([reply]) }).write(request)

const bad = {
  'an empty answer': ['', 'The model answered with an empty program'],
  'an empty program': ['```ts\n```', 'The model answered with an empty program'],
  'an answer without a program': ['There are many.', 'The model answered without a program'],
  'a refusal in words': ["I'm sorry, I can't do that.", 'The model refused to write a program'],
  'a refusal by the provider': [
    { text: '```ts\nreturn 1\n```', finishReason: 'refusal' },
    'The model refused to write a program',
  ],
  'an answer that was cut off': [
    { text: '```ts\nreturn 1', finishReason: 'length' },
    "The model's answer was cut off",
  ],
  'an answer without measure': [
    `\`\`\`ts\n${'//\n'.repeat(1_000_000)}\`\`\``,
    "The model's answer is too long",
  ],
} as const

describe('AgentRuntime', () => {
  it('answers the program the model wrote, with what it cost', async () => {
    const usage = { inputTokens: 10, outputTokens: 2 }
    const reply = { text: 'Sure:\n```js\nreturn 1\n```', finishReason: 'stop', usage } as const
    expect(await write(reply)).toEqual({
      source: 'return 1\n',
      language: 'js',
      usage,
      modelName: 'scripted',
    })
  })

  for (const [name, [reply, message]] of Object.entries(bad)) {
    it(`says that ${name} is no program`, async () => {
      await expect(write(reply)).rejects.toMatchObject({ code: 'ERR_MODEL_RESPONSE', message })
    })
  }

  it('asks for a repair when there are earlier attempts', async () => {
    const model = new ScriptedModel(({ purpose, messages, rawIntent }) => {
      expect([purpose, rawIntent]).toEqual(['repair', 'How many orders?'])
      expect(messages[0]?.content).toContain('<diagnosis>line 1: a &lt; b</diagnosis>')
      return '```ts\nreturn 2\n```'
    })
    const feedback = [{ source: 'return 1', diagnosis: 'line 1: a < b' }]
    const written = await new AgentRuntime({ model }).write({ ...request, feedback })
    expect(written.source).toBe('return 2\n')
    expect.assertions(3)
  })

  it('parses an intent with its model', async () => {
    const model = new ScriptedModel(['{"action":"write","domain":"other"}'])
    const parsed = await new AgentRuntime({ model }).parseIntent(
      { raw: 'Cancel it', params: null },
      { scope: { actions: ['read', 'write'] }, signal },
    )
    expect(parsed).toEqual({ raw: 'Cancel it', params: null, action: 'write' })
  })
})
