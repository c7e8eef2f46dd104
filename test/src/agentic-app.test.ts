import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  AgenticApp,
  APIKeyHeader,
  Authenticator,
  ConfigurationError,
  type Policy,
  ProductionAuthorizationPolicy,
  ScriptedModel,
} from '../../src/index.ts'
import { countingTool } from '../support/counting-tool.ts'

const auth = new Authenticator({
  scheme: new APIKeyHeader({ name: 'X-API-Key' }),
  verify: ({ credentials }) => (credentials === 'right' ? { userId: 'u1' } : null),
})
const model = new ScriptedModel([])
const apps: AgenticApp[] = []

function createApp(options: Partial<ConstructorParameters<typeof AgenticApp>[0]> = {}): AgenticApp {
  const app = new AgenticApp({ title: 'Test', store: ':memory:', model, ...options })
  apps.push(app)
  return app
}

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

describe('declaring endpoints', () => {
  const mistakes: Record<string, () => void> = {
    'an unknown option of the app': () => createApp({ modell: model } as object),
    'an unknown option of an endpoint': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', tool: [] } as never),
    'an unknown limit': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', limits: { timeout: 1 } as never }),
    'a limit that is not a positive whole number': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', limits: { timeoutMs: 0 } }),
    'a limit that no timer can wait for': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', limits: { timeoutMs: 2_592_000_000 } }),
    'an endpoint without authentication that does not say public': () =>
      createApp().agentEndpoint({ name: 'a' }),
    'two endpoints of one name': () => {
      const app = createApp({ auth })
      app.agentEndpoint({ name: 'a' })
      app.agentEndpoint({ name: 'a' })
    },
    'a name that is no path segment': () => createApp({ auth }).agentEndpoint({ name: 'a/b' }),
    'an endpoint that nothing can answer': () => {
      const app = new AgenticApp({ title: 'Test', store: ':memory:', auth })
      apps.push(app)
      app.agentEndpoint({ name: 'a' })
    },
    'layers switched off without AIRLOCK_UNSAFE=1': () =>
      createApp({ auth, unsafe: { skipAnalysis: true } }),
    'no options at all': () => new (AgenticApp as never as new () => AgenticApp)(),
    'an app without a store': () => createApp({ auth, store: undefined as never }),
    'a model that is none': () => createApp({ auth, model: 'gpt' as never }),
    'authentication that is a function': () => createApp({ auth: (async () => null) as never }),
    'policies that are no list': () => createApp({ auth, policies: {} as never }),
    'a policy that is a function': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', policies: [() => []] as never }),
    'a policy whose hook is misspelt': () =>
      createApp({ auth }).agentEndpoint({
        name: 'a',
        policies: [{ name: 'p', evaluateToolcall: () => [] } as never],
      }),
    'an approval rule that is a plain object': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', approval: [{ name: 'gate' }] as never }),
    'a validator without validate': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', validators: [{ name: 'v' }] as never }),
    'public that is not true or false': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', public: 'yes' as never }),
    'a misspelt intent scope': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', intentScope: { action: ['read'] } as never }),
    'a tool that is not registered, granted by name': () =>
      createApp({ auth }).agentEndpoint({ name: 'a', tools: ['pay'] }),
    'an unknown option of the sandbox': () =>
      createApp({ auth, sandbox: { isolatoin: { minimum: 'kernel' } } as never }),
    'a bound that bounds nothing': () => createApp({ auth, maxIntentLength: Number.NaN }),
    'an isolation minimum that does not exist': () =>
      createApp({ auth, sandbox: { isolation: { minimum: 'kernal' as never } } }),
    'a router prefix that is no path segment': () => createApp({ auth }).router({ prefix: '/x' }),
    'an unknown option of a router': () =>
      createApp({ auth }).router({ prefix: 'x', policy: [] } as never),
  }
  for (const [name, mistake] of Object.entries(mistakes)) {
    it(`refuses ${name}`, () => {
      expect(mistake).toThrow(ConfigurationError)
    })
  }

  it('accepts an endpoint without authentication that says public', () => {
    expect(() => createApp().agentEndpoint({ name: 'a', public: true })).not.toThrow()
  })

  it('grants a registered tool by its name', async () => {
    const app = createApp({ auth, sandbox: { isolation: { minimum: 'best' }, pool: { min: 1 } } })
    const { tool, calls } = countingTool({ readOnly: true })
    app.registerTool(tool)
    app.agentEndpoint({ name: 'a', tools: ['pay'], execute: true })
    const code = 'return (await tools.pay({ amount: 2 })).paid'
    const outcome = await app.execute({ endpoint: 'a', code, user: { userId: 'u1' } })
    expect(outcome).toMatchObject({ status: 'completed', result: 2 })
    expect(calls).toHaveLength(1)
  })

  it('accepts a handler without a model', () => {
    const app = new AgenticApp({ title: 'Test', store: ':memory:' })
    apps.push(app)
    expect(() => app.agentEndpoint({ name: 'a', public: true }, () => 1)).not.toThrow()
  })
})

describe('options of app, router and endpoint', () => {
  const seen: string[] = []
  const spy = (name: string): Policy => ({
    name,
    evaluateProgram() {
      seen.push(name)
      return []
    },
  })

  it('apply together: every policy of every level judges the program', async () => {
    const app = createApp({
      auth,
      policies: [spy('app')],
      sandbox: { isolation: { minimum: 'best' }, pool: { min: 1 } },
    })
    const router = app.router({ prefix: 'team', policies: [spy('router')] })
    router.agentEndpoint({ name: 'sums', policies: [spy('endpoint')], execute: true })
    const user = { userId: 'u1', roles: [], scopes: [], metadata: {} }
    const outcome = await app.execute({ endpoint: 'team.sums', code: 'return 1 + 1', user })
    expect(outcome).toMatchObject({ status: 'completed', result: 2 })
    expect(seen).toEqual(['app', 'router', 'endpoint'])
  })

  it("authenticate by the endpoint's own scheme, else the router's, else the app's", async () => {
    const authFor = (key: string) =>
      new Authenticator({
        scheme: new APIKeyHeader({ name: 'X-API-Key' }),
        verify: ({ credentials }) => (credentials === key ? { userId: key } : null),
      })
    const app = createApp({ auth: authFor('app') })
    const router = app.router({ prefix: 'team', auth: authFor('router') })
    const whoami = (_: unknown, { user }: { user: { userId: string } | null }) => user?.userId
    app.agentEndpoint({ name: 'a' }, whoami)
    router.agentEndpoint({ name: 'b' }, whoami)
    router.agentEndpoint({ name: 'c', auth: authFor('endpoint') }, whoami)
    const statusOf = async (path: string, key: string) => {
      const headers = { 'X-API-Key': key, 'Content-Type': 'application/json' }
      const body = JSON.stringify({ intent: 'Who am I?' })
      const url = `http://test/agent/${path}`
      return (await app.fetch(new Request(url, { method: 'POST', headers, body }))).status
    }
    const expected = { a: 'app', 'team.b': 'router', 'team.c': 'endpoint' }
    for (const [path, right] of Object.entries(expected)) {
      for (const key of ['app', 'router', 'endpoint']) {
        expect(await statusOf(path, key)).toBe(key === right ? 200 : 401)
      }
    }
  })
})

describe('listening', () => {
  it('is refused while layers are switched off', async () => {
    process.env['AIRLOCK_UNSAFE'] = '1'
    try {
      const app = createApp({ auth, unsafe: { skipAnalysis: true } })
      await expect(app.listen({ port: 0 })).rejects.toThrow(ConfigurationError)
    } finally {
      delete process.env['AIRLOCK_UNSAFE']
    }
  })

  it('happens once, and the first server goes on', async () => {
    const app = createApp({ auth })
    const { url } = await app.listen({ port: 0 })
    await expect(app.listen({ port: 0 })).rejects.toThrow(ConfigurationError)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    await app.close()
    await expect(fetch(`${url}/health`)).rejects.toThrow()
  })

  it('happens once when two ask at the same time', async () => {
    const app = createApp({ auth })
    const answers = await Promise.allSettled([app.listen({ port: 0 }), app.listen({ port: 0 })])
    expect(answers).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'ERR_CONFIGURATION' } },
    ])
  })

  it('can be tried again when the port was taken', async () => {
    const { port } = await createApp({ auth }).listen({ port: 0 })
    const app = createApp({ auth })
    await expect(app.listen({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect((await app.listen({ port: 0 })).port).toBeGreaterThan(0)
  })

  it('does not outlive a close that comes meanwhile', async () => {
    for (const isStarted of [false, true]) {
      const app = createApp({ auth })
      if (isStarted) await app.start()
      const servers = () =>
        process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length
      const before = servers()
      const listening = app.listen({ port: 0 })
      // One of them closes at once, the other once the app is about to listen.
      if (isStarted) await Promise.resolve()
      const closing = app.close()
      await expect(listening).rejects.toMatchObject({ code: 'ERR_OVERLOADED' })
      await closing
      expect(servers()).toBe(before)
      await expect(app.listen({ port: 0 })).rejects.toMatchObject({ code: 'ERR_OVERLOADED' })
    }
  })
})

describe('closing', () => {
  const silent = { debug() {}, info() {}, warn() {}, error() {} }

  it('is waited for by whoever asks second', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const app = createApp({ logger: silent })
    app.agentEndpoint({ name: 'slow', public: true }, () => promise)
    const running = app.run({ endpoint: 'slow', intent: 'Wait' })
    await app.start()
    const ended: string[] = []
    const closing = [app.close(), app.close()].map((close) => close.then(() => ended.push('close')))
    setImmediate(() => {
      ended.push('run')
      resolve('done')
    })
    await Promise.all(closing)
    expect(ended).toEqual(['run', 'close', 'close'])
    expect(await running).toMatchObject({ status: 'completed', result: 'done' })
  })

  it('does not wait for ever for a run that ignores its signal', async () => {
    const app = createApp({ logger: silent, authorization: new NeverAnswers() })
    app.agentEndpoint({ name: 'stuck', public: true }, () => 1)
    await app.start()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => {
      vi.useRealTimers()
    })
    void app.run({ endpoint: 'stuck', intent: 'Wait' })
    await vi.waitFor(() => expect(NeverAnswers.asked).toBe(1))
    let isClosed = false
    const closing = app.close().then(() => {
      isClosed = true
    })
    await vi.advanceTimersByTimeAsync(14_999)
    expect(isClosed).toBe(false)
    await vi.advanceTimersByTimeAsync(2)
    vi.useRealTimers()
    await closing
  })
})

class NeverAnswers extends ProductionAuthorizationPolicy {
  static asked = 0

  override checkPermission(): Promise<boolean> {
    NeverAnswers.asked += 1
    return new Promise(() => {})
  }
}
