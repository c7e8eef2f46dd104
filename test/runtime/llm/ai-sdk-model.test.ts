import { createAnthropic } from '@ai-sdk/anthropic'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import type { LanguageModelV2, LanguageModelV3, LanguageModelV4 } from '@ai-sdk/provider'
import { describe, expect, it } from 'vitest'
import { AgentRuntime } from '../../../runtime/agent-runtime.ts'
import { type AiSdkModelOptions, aiSdkModel } from '../../../runtime/llm/ai-sdk-model.ts'
import type { AiSdkLanguageModel, AiSdkResult } from '../../../runtime/llm/ai-sdk-types.ts'
import type { ModelRequest } from '../../../runtime/llm/language-model.ts'
import {
  anthropicMessage,
  chatCompletion,
  type ProviderServer,
  providerError,
  type ServerStep,
  startProvider,
} from './provider-server.ts'

const apiKey = 'sk-secret-123'
const clients: Record<string, (url: string) => AiSdkLanguageModel> = {
  'the OpenAI client': (url) => createOpenAI({ baseURL: url, apiKey }).chat('test-model'),
  'the OpenAI-compatible client': (url) =>
    createOpenAICompatible({ name: 'local', baseURL: url, apiKey })('test-model'),
}

const request: ModelRequest = {
  purpose: 'program',
  system: 'Write a program',
  messages: [{ role: 'user', content: '<intent>How many?</intent>' }],
  rawIntent: 'How many?',
  signal: new AbortController().signal,
}

const program = chatCompletion({ content: '```ts\nreturn 1\n```' })

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

for (const [name, makeClient] of Object.entries(clients)) {
  const connect = (server: ProviderServer, options: AiSdkModelOptions = {}) =>
    aiSdkModel(makeClient(server.url), { backoffMs: 1, ...options })

  describe(`aiSdkModel with ${name}`, () => {
    it('sends system and user text apart and reads the answer', async () => {
      await using server = await startProvider([program])
      const reply = await connect(server, { maxOutputTokens: 100 }).generate(request)
      expect(reply).toEqual({
        text: '```ts\nreturn 1\n```',
        finishReason: 'stop',
        usage: { inputTokens: 12, outputTokens: 5 },
      })
      const [received] = server.requests
      expect(received?.path).toBe('/chat/completions')
      expect(received?.headers.authorization).toBe(`Bearer ${apiKey}`)
      expect(received?.body['messages']).toEqual([
        { role: 'system', content: 'Write a program' },
        { role: 'user', content: '<intent>How many?</intent>' },
      ])
    })

    const recovered: Record<string, readonly ServerStep[]> = {
      'a 429': [providerError(429), program],
      'a 429 that says when to return': [providerError(429, { 'retry-after': '0' }), program],
      'two different 5xx': [providerError(500), providerError(503), program],
      'a connection that was cut': ['hang up', program],
    }
    for (const [trouble, steps] of Object.entries(recovered)) {
      it(`tries again after ${trouble}`, async () => {
        await using server = await startProvider(steps)
        expect((await connect(server).generate(request)).text).toContain('return 1')
        expect(server.requests).toHaveLength(steps.length)
      })
    }

    const failures: Record<string, [readonly ServerStep[], string, number]> = {
      'a 500 that stays': [Array(3).fill(providerError(500)), 'ERR_MODEL_UNAVAILABLE', 3],
      'a 429 that stays': [Array(3).fill(providerError(429)), 'ERR_MODEL_UNAVAILABLE', 3],
      'connections that are cut': [['hang up', 'hang up', 'hang up'], 'ERR_MODEL_UNAVAILABLE', 3],
      'a wrong key': [[providerError(401)], 'ERR_MODEL_UNAVAILABLE', 1],
      'a model that does not exist': [[providerError(404)], 'ERR_MODEL_UNAVAILABLE', 1],
      'a prompt that is too long': [[providerError(400)], 'ERR_MODEL_RESPONSE', 1],
      'a wait that is too long': [
        [providerError(429, { 'retry-after': '3600' })],
        'ERR_MODEL_UNAVAILABLE',
        1,
      ],
      'an answer that is no JSON': [
        [{ status: 200, body: '<html>sk-secret-123' }],
        'ERR_MODEL_RESPONSE',
        1,
      ],
      'an answer of another shape': [
        [{ status: 200, body: { secret: 'sk-secret-123' } }],
        'ERR_MODEL_RESPONSE',
        1,
      ],
    }
    for (const [trouble, [steps, code, attempts]] of Object.entries(failures)) {
      it(`gives up on ${trouble} and leaks nothing`, async () => {
        await using server = await startProvider(steps)
        const error = await connect(server)
          .generate(request)
          .catch((error: unknown) => error)
        expect(error).toMatchObject({ name: 'ModelError', code })
        expect(messageOf(error)).not.toMatch(/secret|127\.0\.0\.1|machine|html/)
        expect(error).toHaveProperty('cause')
        expect(server.requests).toHaveLength(attempts)
      })
    }

    it('tries only as often as it is told', async () => {
      await using server = await startProvider([providerError(500), program])
      await expect(connect(server, { maxRetries: 0 }).generate(request)).rejects.toMatchObject({
        code: 'ERR_MODEL_UNAVAILABLE',
      })
      expect(server.requests).toHaveLength(1)
    })

    it('ends the request of a provider that does not answer in time', async () => {
      await using server = await startProvider(['hang'])
      await expect(connect(server, { timeoutMs: 150 }).generate(request)).rejects.toMatchObject({
        code: 'ERR_MODEL_TIMEOUT',
      })
      await server.abandoned
    })

    it('counts retries against the same time', async () => {
      await using server = await startProvider([providerError(500), 'hang'])
      await expect(connect(server, { timeoutMs: 300 }).generate(request)).rejects.toMatchObject({
        code: 'ERR_MODEL_TIMEOUT',
      })
      expect(server.requests).toHaveLength(2)
    })

    it('ends at once when the caller goes away, with the reason of the caller', async () => {
      await using server = await startProvider(['hang'])
      const controller = new AbortController()
      const answer = connect(server).generate({ ...request, signal: controller.signal })
      const reason = new Error('the run was cancelled')
      setImmediate(() => controller.abort(reason))
      await expect(answer).rejects.toBe(reason)
    })

    it('does not wait for the next attempt when the caller goes away', async () => {
      await using server = await startProvider([providerError(503), program])
      const controller = new AbortController()
      const model = aiSdkModel(makeClient(server.url), { backoffMs: 60_000 })
      const answer = model.generate({ ...request, signal: controller.signal })
      setTimeout(() => controller.abort(new Error('gone')), 50)
      await expect(answer).rejects.toThrow('gone')
    })

    it('asks nobody when the caller is gone already', async () => {
      await using server = await startProvider([program])
      const signal = AbortSignal.abort(new Error('gone'))
      await expect(connect(server).generate({ ...request, signal })).rejects.toThrow('gone')
      expect(server.requests).toHaveLength(0)
    })

    const endings: Record<string, [ServerStep, string]> = {
      'a refusal': [chatCompletion({ content: null, refusal: 'No.' }), 'refusal'],
      'a content filter': [chatCompletion({ content: '' }, 'content_filter'), 'refusal'],
      'an answer that was cut off': [chatCompletion({ content: 'return' }, 'length'), 'length'],
      'an answer without content': [chatCompletion({ content: null }), 'stop'],
      'a reason nobody knows': [chatCompletion({ content: 'x' }, 'constructor'), 'other'],
    }
    for (const [ending, [step, finishReason]] of Object.entries(endings)) {
      it(`reports ${ending}, which makes no program`, async () => {
        await using server = await startProvider([step, step])
        const model = connect(server)
        expect(await model.generate(request)).toMatchObject({ finishReason })
        const runtime = new AgentRuntime({ model })
        const written = runtime.write({
          intent: { raw: 'How many?', params: null, action: 'read' },
          endpoint: { name: 'shop', description: 'Counts' },
          tools: [],
          signal: request.signal,
        })
        await expect(written).rejects.toMatchObject({ code: 'ERR_MODEL_RESPONSE' })
      })
    }
  })
}

describe('aiSdkModel with the Anthropic client', () => {
  const connect = (server: ProviderServer) =>
    aiSdkModel(createAnthropic({ baseURL: server.url, apiKey })('claude-test'), { backoffMs: 1 })

  it('sends system and user text apart and reads the answer', async () => {
    await using server = await startProvider([anthropicMessage('```ts\nreturn 1\n```')])
    const model = connect(server)
    expect(await model.generate(request)).toEqual({
      text: '```ts\nreturn 1\n```',
      finishReason: 'stop',
      usage: { inputTokens: 12, outputTokens: 5 },
    })
    const [received] = server.requests
    expect(received?.path).toBe('/messages')
    expect(received?.headers['x-api-key']).toBe(apiKey)
    expect(received?.body).toMatchObject({
      system: [{ type: 'text', text: 'Write a program' }],
      messages: [{ role: 'user', content: [{ type: 'text', text: '<intent>How many?</intent>' }] }],
    })
    expect(model.name).toBe('anthropic.messages/claude-test')
  })

  it('tries again when the provider is overloaded', async () => {
    const overloaded = {
      status: 529,
      body: { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
    }
    await using server = await startProvider([overloaded, anthropicMessage('return 1')])
    expect((await connect(server).generate(request)).text).toBe('return 1')
  })

  it('reports a refusal and an answer that was cut off', async () => {
    await using server = await startProvider([
      anthropicMessage('', 'refusal'),
      anthropicMessage('return', 'max_tokens'),
    ])
    const model = connect(server)
    expect((await model.generate(request)).finishReason).toBe('refusal')
    expect((await model.generate(request)).finishReason).toBe('length')
  })
})

/** A model object made by hand, as an older provider package would. */
function handMade(result: AiSdkResult, more: Partial<AiSdkLanguageModel> = {}): AiSdkLanguageModel {
  return {
    specificationVersion: 'v2',
    provider: 'old',
    modelId: 'm',
    doGenerate: async () => result,
    ...more,
  }
}

const oldResult = {
  content: [
    { type: 'reasoning', text: 'Let me think' },
    { type: 'text', text: 'return' },
    { type: 'text', text: ' 1' },
  ],
  finishReason: 'stop',
  usage: { inputTokens: 3, outputTokens: undefined },
}

describe('aiSdkModel', () => {
  it('reads the plain reasons and counts of specification v2, and text parts alone', async () => {
    const reply = await aiSdkModel(handMade(oldResult)).generate(request)
    expect(reply).toEqual({ text: 'return 1', finishReason: 'stop' })
  })

  for (const finishReason of ['error', 'interrupted']) {
    it(`takes no answer that ended with ${finishReason}`, async () => {
      const model = aiSdkModel(handMade({ ...oldResult, finishReason }))
      await expect(model.generate(request)).rejects.toMatchObject({ code: 'ERR_MODEL_RESPONSE' })
    })
  }

  it('keeps its time even with a provider that ignores the signal', async () => {
    const deaf = handMade(oldResult, { doGenerate: () => new Promise(() => {}) })
    await expect(aiSdkModel(deaf, { timeoutMs: 20 }).generate(request)).rejects.toMatchObject({
      code: 'ERR_MODEL_TIMEOUT',
    })
  })

  it('maps a provider that throws at once', async () => {
    const broken = handMade(oldResult, {
      doGenerate: () => {
        throw new TypeError('sk-secret-123')
      },
    })
    const error = await aiSdkModel(broken)
      .generate(request)
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'ERR_MODEL_RESPONSE' })
    expect(messageOf(error)).not.toContain('secret')
  })

  it('takes models of every specification the SDK has', () => {
    const accept = (model: LanguageModelV2 | LanguageModelV3 | LanguageModelV4) => aiSdkModel(model)
    expect(accept(createOpenAI({ apiKey }).chat('a')).name).toBe('openai.chat/a')
  })

  const refused: Record<string, () => unknown> = {
    'the name of a model': () => aiSdkModel('gpt-5' as unknown as AiSdkLanguageModel),
    'an object that is no model': () => aiSdkModel({} as unknown as AiSdkLanguageModel),
    'a specification from the future': () =>
      aiSdkModel(handMade(oldResult, { specificationVersion: 'v9' })),
    'no time at all': () => aiSdkModel(handMade(oldResult), { timeoutMs: 0 }),
    'half a retry': () => aiSdkModel(handMade(oldResult), { maxRetries: 0.5 }),
    'a time timers cannot hold': () => aiSdkModel(handMade(oldResult), { timeoutMs: 2 ** 31 }),
  }
  for (const [name, make] of Object.entries(refused)) {
    it(`refuses ${name}`, () => {
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
    })
  }
})
