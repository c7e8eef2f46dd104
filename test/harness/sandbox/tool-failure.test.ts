import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AgenticApp, defineTool, jsonSchema } from '../../../src/index.ts'
import { createTestApp } from '../../../src/testing/index.ts'

let app: AgenticApp

beforeAll(() => {
  const failing = (name: string, fail: () => unknown) =>
    defineTool({
      name,
      description: 'Fails',
      input: jsonSchema({ type: 'object' }),
      readOnly: true,
      run: fail,
    })
  const quiet = { debug() {}, info() {}, warn() {}, error() {} }
  app = createTestApp([], { logger: quiet })
  app.agentEndpoint({
    name: 'it',
    public: true,
    execute: true,
    tools: [
      failing('worded', () => {
        throw new Error('There is no order 7; the key was Bearer abcdefghijklmnop1234')
      }),
      failing('host', () => readFileSync('/nowhere/config.yml')),
      failing('odd', () => Promise.reject('a plain text')),
    ],
  })
})

afterAll(() => app.close())

async function messageOf(tool: string): Promise<unknown> {
  const code = `try { await tools.${tool}() } catch (error) { return error.message }`
  return (await app.execute({ endpoint: 'it', code })).result
}

describe('a tool that fails', () => {
  it("tells the program its author's words, without the credentials in them", async () => {
    const message = await messageOf('worded')
    expect(message).toContain('There is no order 7')
    expect(message).not.toContain('abcdefghijklmnop')
  })

  it('tells it nothing of what the operating system said: paths and addresses stay in the log', async () => {
    expect(await messageOf('host')).toBe('Tool "host" failed: the host could not do it')
  })

  it('tells it that it failed when what was thrown is no error', async () => {
    expect(await messageOf('odd')).toBe('Tool "odd" failed')
  })
})
