import { describe, expect, it } from 'vitest'
import { isInScope } from '../../../runtime/intent/intent-scope.ts'
import { parseIntent } from '../../../runtime/intent/parse-intent.ts'
import type { ModelReply } from '../../../runtime/llm/language-model.ts'
import { ScriptedModel } from '../../../runtime/llm/scripted-model.ts'

const signal = new AbortController().signal
const request = { raw: 'Refund order 7', params: { id: 7 } }

function parse(reply: string | ModelReply, domains: string[] = ['orders', 'refunds']) {
  return parseIntent(new ScriptedModel([reply]), request, { domains, signal })
}

const understood = {
  'a plain object': ['{"action":"read","domain":"orders"}', { action: 'read', domain: 'orders' }],
  'an object with blanks around it': [
    ' \n{ "domain": "refunds", "action": "write" }\n',
    { action: 'write', domain: 'refunds' },
  ],
  'a fenced object': [
    '```json\n{"action":"read","domain":"orders"}\n```',
    { action: 'read', domain: 'orders' },
  ],
  'an untagged fence': [
    '```\n{"action":"read","domain":"orders"}\n```',
    { action: 'read', domain: 'orders' },
  ],
  'none of the domains': ['{"action":"read","domain":"other"}', { action: 'read' }],
} as const

const strictest = { action: 'write', domain: '*' }
const notUnderstood = {
  prose: ['It only reads.', strictest],
  'an object with prose around it': ['Sure: {"action":"read","domain":"orders"}', strictest],
  'two objects': [
    '{"action":"read","domain":"orders"}{"action":"read","domain":"orders"}',
    strictest,
  ],
  'a missing field': ['{"action":"read"}', strictest],
  'a further field': ['{"action":"read","domain":"orders","approved":true}', strictest],
  'an array': ['["read","orders"]', strictest],
  null: ['null', strictest],
  'an inherited field': ['{"__proto__":{"action":"read","domain":"orders"}}', strictest],
  'an unknown action': [
    '{"action":"delete","domain":"orders"}',
    { action: 'write', domain: 'orders' },
  ],
  'an action a model may not give': [
    '{"action":"execute","domain":"orders"}',
    { action: 'write', domain: 'orders' },
  ],
  'an unknown domain': ['{"action":"read","domain":"payroll"}', { action: 'read', domain: '*' }],
  'a domain in other case': [
    '{"action":"read","domain":"Orders"}',
    { action: 'read', domain: '*' },
  ],
  'the wildcard itself': ['{"action":"read","domain":"*"}', { action: 'read', domain: '*' }],
  'an answer that was cut off': [
    { text: '{"action":"read","domain":"orders"}', finishReason: 'length' },
    strictest,
  ],
} as const

describe('parseIntent', () => {
  for (const [name, [reply, expected]] of Object.entries(understood)) {
    it(`understands ${name}`, async () => {
      expect(await parse(reply)).toEqual({ ...request, ...expected })
    })
  }

  for (const [name, [reply, expected]] of Object.entries(notUnderstood)) {
    it(`takes the strictest reading of ${name}`, async () => {
      expect(await parse(reply)).toEqual({ ...request, ...expected })
    })
  }

  it('asks nobody when nothing depends on the answer', async () => {
    const intent = await parseIntent(new ScriptedModel([]), request, { signal })
    expect(intent).toEqual({ ...request, action: 'read' })
  })

  it('tells the model the domains and the raw intent', async () => {
    const model = new ScriptedModel(({ system, purpose, rawIntent }) => {
      expect([purpose, rawIntent]).toEqual(['intent', request.raw])
      expect(system).toContain('<domain>orders</domain>')
      return '{"action":"read","domain":"orders"}'
    })
    expect.assertions(2)
    await parseIntent(model, request, { scope: { domains: ['orders'] }, signal })
  })

  const refused = {
    'a write where only reads are in scope': [
      '{"action":"write","domain":"orders"}',
      { actions: ['read'] },
    ],
    'another domain': ['{"action":"read","domain":"other"}', { domains: ['orders'] }],
    'an answer that is not understood': ['hello', { domains: ['orders'] }],
    'anything when the list of actions is empty': [
      '{"action":"read","domain":"orders"}',
      { actions: [] },
    ],
    'anything when the list of domains is empty': [
      '{"action":"read","domain":"orders"}',
      { domains: [] },
    ],
  } as const
  for (const [name, [reply, scope]] of Object.entries(refused)) {
    it(`refuses ${name}`, async () => {
      const answer = parseIntent(new ScriptedModel([reply]), request, { scope, signal })
      await expect(answer).rejects.toMatchObject({ code: 'ERR_INTENT_OUT_OF_SCOPE' })
    })
  }

  it('lets through what is in scope', async () => {
    const scope = { actions: ['read'], domains: ['orders'] } as const
    const model = new ScriptedModel(['{"action":"read","domain":"orders"}'])
    expect((await parseIntent(model, request, { scope, signal })).domain).toBe('orders')
  })
})

describe('isInScope', () => {
  it('restricts nothing without lists', () => {
    expect(isInScope({ action: 'execute' }, {})).toBe(true)
  })

  it('holds a domain nobody knows out of every list', () => {
    expect(isInScope({ action: 'read', domain: '*' }, { domains: ['orders'] })).toBe(false)
    expect(isInScope({ action: 'read' }, { domains: ['orders'] })).toBe(false)
  })
})
