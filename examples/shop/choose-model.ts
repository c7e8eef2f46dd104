import { aiSdkModel, type LanguageModel, ModelError, ScriptedModel } from '../../src/index.ts'
import { SHOP_REPLIES } from './shop-replies.ts'

/** The model of the demo, and what to say about it. */
export interface ChosenModel {
  readonly model: LanguageModel
  readonly isScripted: boolean
  readonly note: string
}

/** A real model when the environment names one, recorded answers otherwise. */
export async function chooseModel(env: NodeJS.ProcessEnv): Promise<ChosenModel> {
  const openAiKey = env['OPENAI_API_KEY']
  const baseURL = env['OPENAI_BASE_URL']
  const anthropicKey = env['ANTHROPIC_API_KEY']
  if (anthropicKey !== undefined) {
    const { createAnthropic } = await import('@ai-sdk/anthropic')
    const name = env['ANTHROPIC_MODEL'] ?? 'claude-sonnet-4-5'
    const model = aiSdkModel(createAnthropic({ apiKey: anthropicKey })(name))
    return { model, isScripted: false, note: `${name}, by Anthropic (ANTHROPIC_MODEL changes it)` }
  }
  if (openAiKey !== undefined || baseURL !== undefined) {
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible')
    const name = env['OPENAI_MODEL'] ?? 'gpt-5'
    const provider = createOpenAICompatible({
      name: 'openai',
      baseURL: baseURL ?? 'https://api.openai.com/v1',
      ...(openAiKey === undefined ? {} : { apiKey: openAiKey }),
    })
    return {
      model: aiSdkModel(provider(name)),
      isScripted: false,
      note: `${name}, over the OpenAI protocol (OPENAI_MODEL changes it)`,
    }
  }
  return {
    model: new ScriptedModel(({ rawIntent }) => replyTo(rawIntent)),
    isScripted: true,
    note: 'recorded answers: it knows the six questions of the tour and no others',
  }
}

function replyTo(intent: string): string {
  const wanted = normalise(intent)
  const known = SHOP_REPLIES.find(({ question }) => normalise(question) === wanted)
  if (known !== undefined) return known.reply
  const questions = SHOP_REPLIES.map(({ question }) => `"${question}"`).join(', ')
  throw new ModelError(
    'ERR_MODEL_RESPONSE',
    `The demo has no language model, only recorded answers to ${questions}. Set OPENAI_API_KEY or ANTHROPIC_API_KEY, or bring a program to /agent/analytics/execute`,
  )
}

function normalise(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim()
}
