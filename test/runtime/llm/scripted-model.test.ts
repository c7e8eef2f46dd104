import { describe, expect, it } from 'vitest'
import type { ModelRequest } from '../../../runtime/llm/language-model.ts'
import { ScriptedModel } from '../../../runtime/llm/scripted-model.ts'

const request: ModelRequest = {
  purpose: 'program',
  system: '',
  messages: [],
  rawIntent: 'How many?',
  signal: new AbortController().signal,
}

describe('ScriptedModel', () => {
  it('gives its replies in order, then says that there are no more', async () => {
    const model = new ScriptedModel(['a', { text: 'b', finishReason: 'length' }])
    expect(await model.generate(request)).toEqual({ text: 'a', finishReason: 'stop' })
    expect(await model.generate(request)).toEqual({ text: 'b', finishReason: 'length' })
    await expect(model.generate(request)).rejects.toMatchObject({
      code: 'ERR_MODEL_UNAVAILABLE',
      message: 'The scripted model has no reply left after 2',
    })
  })

  it('answers with what a function makes of the request', async () => {
    const model = new ScriptedModel(async ({ rawIntent }) => `// ${rawIntent}`)
    expect((await model.generate(request)).text).toBe('// How many?')
  })

  it('answers nothing once the request was aborted', async () => {
    const model = new ScriptedModel(['a'])
    const signal = AbortSignal.abort(new Error('gone'))
    await expect(model.generate({ ...request, signal })).rejects.toThrow('gone')
    expect((await model.generate(request)).text).toBe('a')
  })
})
