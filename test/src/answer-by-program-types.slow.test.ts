import { afterAll, describe, expect, it } from 'vitest'
import type { ModelPurpose, TypeCheckMode } from '../../src/index.ts'
import { createTestApp, testUser } from '../../src/testing/index.ts'
import { countingTool } from '../support/counting-tool.ts'

const user = testUser('author')
const silent = { debug() {}, info() {}, warn() {}, error() {} }
const scripts = new Map<string, { readonly replies: string[]; readonly asked: ModelPurpose[] }>()
const app = createTestApp(
  ({ rawIntent, purpose }) => {
    const script = scripts.get(rawIntent)
    script?.asked.push(purpose)
    return `\`\`\`js\n${script?.replies.shift() ?? ''}\n\`\`\``
  },
  { logger: silent, limits: { timeoutMs: 60_000 } },
)
afterAll(() => app.close())

// It hands over a property that the tool does not know, and works for all that.
const WRONG = 'const answer = await tools.look({ amount: 1, note: undefined })\nreturn answer.paid'
const RIGHT = 'return (await tools.look({ amount: 1 })).paid'

async function run(replies: readonly string[], typeCheck?: TypeCheckMode) {
  const look = countingTool({ name: 'look', readOnly: true })
  const name = `shop-${scripts.size}`
  const options = typeCheck === undefined ? {} : { typeCheck }
  app.agentEndpoint({ name, public: true, tools: [look.tool], ...options })
  const asked: ModelPurpose[] = []
  scripts.set(name, { replies: [...replies], asked })
  const outcome = await app.run({ endpoint: name, intent: name, user })
  return { outcome, asked, look }
}

/** The compiler has half a second for a program, which a machine that is busy may not have. */
async function warm(): Promise<void> {
  const isChecked = async () => {
    const { outcome } = await run([WRONG], 'warn')
    return outcome.findings.some(({ ruleId }) => ruleId === 'types/tool-argument')
  }
  await expect.poll(isChecked, { timeout: 120_000, interval: 500 }).toBe(true)
}

describe('a program of the model with wrong types', () => {
  it('is mended before it runs, by default', async () => {
    await warm()
    const { outcome, asked, look } = await run([WRONG, RIGHT])
    expect(outcome).toMatchObject({ status: 'completed', result: 1, attempts: [{ calls: [] }] })
    expect(outcome.attempts?.[0]?.diagnosis).toMatch(/^Line 1: .*note/)
    expect(asked).toEqual(['program', 'repair'])
    expect(look.calls).toHaveLength(1)
  })

  it('runs with warnings when the model does not mend it', async () => {
    await warm()
    const { outcome, asked, look } = await run([WRONG, WRONG])
    expect(outcome).toMatchObject({ status: 'completed', result: 1 })
    expect(outcome.findings).toMatchObject([{ ruleId: 'types/tool-argument' }])
    expect(asked).toEqual(['program', 'repair'])
    expect(look.calls).toHaveLength(1)
  })

  it('runs with warnings when no round is left', async () => {
    await warm()
    const others = [1, 2, 3].map((n) => `${WRONG} + ${n}`)
    const { outcome, asked } = await run(others)
    expect(outcome).toMatchObject({ status: 'completed', result: 4 })
    expect(outcome.attempts).toHaveLength(2)
    expect(asked).toHaveLength(3)
  })

  it('runs with warnings where the endpoint says warn', async () => {
    await warm()
    const { outcome, asked } = await run([WRONG, RIGHT], 'warn')
    expect(outcome).toMatchObject({ status: 'completed', result: 1 })
    expect(outcome.findings).toMatchObject([{ ruleId: 'types/tool-argument' }])
    expect(outcome.attempts).toBeUndefined()
    expect(asked).toHaveLength(1)
  })

  it('is not checked where the endpoint says off', async () => {
    const { outcome, asked } = await run([WRONG, RIGHT], 'off')
    expect(outcome).toMatchObject({ status: 'completed', result: 1, findings: [] })
    expect(asked).toHaveLength(1)
  })
})
