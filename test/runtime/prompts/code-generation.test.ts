import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeGenerationPrompt } from '../../../runtime/prompts/code-generation.ts'
import { intentParsingPrompt } from '../../../runtime/prompts/intent-parsing.ts'
import { jsonSchema } from '../../../runtime/tools/json-schema.ts'
import { defineTool } from '../../../runtime/tools/tool.ts'
import { declareTools } from '../../../runtime/tools/tool-declarations.ts'
import { anyText, carried, NASTY_STRINGS } from './nasty-strings.ts'
import { leafTexts, readElements, shapeOf } from './read-elements.ts'

// The rules are ours and speak of references in plain words: only what follows them is elements.
function elementsOf(system: string) {
  return readElements(system.slice(system.search(/^<(endpoint|domains)>$/m)))
}

function build(text: (place: string) => string) {
  const tool = defineTool({
    name: 'lookup',
    description: `d ${text('tool')}`,
    input: jsonSchema({}),
    inputJsonSchema: {
      type: 'object',
      properties: { [text('property')]: { type: 'string', description: text('hint') } },
    },
    readOnly: true,
    run: () => null,
  })
  const prompt = codeGenerationPrompt({
    endpoint: {
      name: text('endpoint'),
      description: text('description'),
      examples: [{ intent: text('example-intent'), program: text('example-program') }],
    },
    // A foreign server may call its tools anything.
    tools: [tool, { ...tool, name: text('name') }],
    intent: text('intent'),
    params: { value: text('params') },
    session: [
      { role: 'user', content: text('asked') },
      { role: 'assistant', content: text('answered') },
    ],
    feedback: [{ source: text('attempt'), diagnosis: text('diagnosis') }],
  })
  return { ...prompt, declarations: declareTools([tool, { ...tool, name: text('name') }]) }
}

const plain = build((place) => place)
const systemShape = shapeOf(elementsOf(plain.system))
const userShape = shapeOf(readElements(plain.messages[0]?.content ?? ''))

describe('codeGenerationPrompt', () => {
  it('keeps its elements and every text whatever the texts are', () => {
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 14, maxLength: 14 }), (texts) => {
        const places: Record<string, string> = {}
        const take = (place: string) => (places[place] ??= texts[Object.keys(places).length] ?? '')
        const prompt = build(take)
        const system = elementsOf(prompt.system)
        const user = readElements(prompt.messages[0]?.content ?? '')
        expect(shapeOf(system)).toEqual(systemShape)
        expect(shapeOf(user)).toEqual(userShape)
        expect(leafTexts(system)).toEqual(
          [
            take('endpoint'),
            take('description'),
            take('example-intent'),
            take('example-program'),
            prompt.declarations,
          ].map(carried),
        )
        expect(leafTexts(user)).toEqual(
          [
            take('asked'),
            take('answered'),
            take('intent'),
            JSON.stringify({ value: take('params') }),
            take('attempt'),
            take('diagnosis'),
          ].map(carried),
        )
      }),
      { numRuns: 500 },
    )
  })

  for (const nasty of NASTY_STRINGS) {
    it(`holds ${JSON.stringify(nasty.slice(0, 40))} in every place at once`, () => {
      const prompt = build(() => nasty)
      expect(shapeOf(elementsOf(prompt.system))).toEqual(systemShape)
      expect(shapeOf(readElements(prompt.messages[0]?.content ?? ''))).toEqual(userShape)
    })
  }

  it('keeps what the user says out of the system text', () => {
    const { system } = build((place) => `MARK-${place}`)
    const users = ['intent', 'params', 'asked', 'answered', 'attempt', 'diagnosis']
    expect(users.filter((place) => system.includes(`MARK-${place}`))).toEqual([])
    expect(system).toContain('MARK-description')
  })

  it('leaves out what there is none of', () => {
    const prompt = codeGenerationPrompt({
      endpoint: { name: 'a', description: 'b' },
      tools: [],
      intent: 'c',
      params: null,
    })
    expect(shapeOf(readElements(prompt.messages[0]?.content ?? ''))).toEqual([
      '',
      [
        ['intent', []],
        ['params', []],
      ],
    ])
    expect(prompt.messages).toHaveLength(1)
  })
})

describe('intentParsingPrompt', () => {
  it('keeps its elements and every text whatever the texts are', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (intent, param, domain) => {
        const prompt = intentParsingPrompt({ intent, params: [param], domains: [domain, 'b'] })
        const system = elementsOf(prompt.system)
        expect(shapeOf(system)).toEqual([
          '',
          [
            [
              'domains',
              [
                ['domain', []],
                ['domain', []],
              ],
            ],
          ],
        ])
        expect(leafTexts(system)).toEqual([carried(domain), 'b'])
        const user = readElements(prompt.messages[0]?.content ?? '')
        expect(leafTexts(user)).toEqual([carried(intent), carried(JSON.stringify([param]))])
      }),
    )
  })
})
