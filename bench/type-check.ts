/**
 * How long a type check takes beside the parse of the same text, one program after the other.
 *
 * node bench/type-check.ts [programs]
 */
import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { parse } from '@babel/parser'
import { findTypeScript } from '../harness/types/find-typescript.ts'
import { declareToolTypes, type TypedTool } from '../harness/types/tool-types.ts'
import { TypeScriptChecker } from '../harness/types/typescript-checker.ts'
import { median, quantile } from './quantiles.ts'

interface CorpusProgram {
  readonly code: string
  readonly expect_error?: object
  readonly tools: readonly { readonly name: string; readonly input: object }[]
}

const LINES = { fewest: 90, most: 110 }
const count = Number(process.argv[2] ?? 300)

const corpus = readFileSync(new URL('../test/corpus/programs.jsonl', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line): CorpusProgram => JSON.parse(line))
  .filter(({ code, expect_error }) => expect_error === undefined && !/^\s*export\b/m.test(code))

/** Texts of about a hundred lines: programs of models, each as a function of its own. */
function hundredLines(): string[] {
  const texts: string[] = []
  let parts: string[] = []
  let lines = 0
  for (const { code } of corpus) {
    const added = code.split('\n').length + 2
    if (lines + added > LINES.most) {
      if (lines >= LINES.fewest) texts.push(parts.join('\n'))
      parts = []
      lines = 0
    }
    parts.push(`await (async () => {\n${code}\n})()`)
    lines += added
  }
  return texts
}

function allTools(): TypedTool[] {
  const tools = new Map(corpus.flatMap(({ tools }) => tools).map((tool) => [tool.name, tool]))
  return [...tools.values()].map(({ name, input }) => ({
    name,
    input: { jsonSchema: input as never, validate: (value) => ({ ok: true, value }) },
  }))
}

const ms = (value: number) => `${value.toFixed(2)} ms`.padStart(10)

async function main(): Promise<void> {
  const installation = findTypeScript()
  if (!installation.isFound) throw new Error(installation.reason)
  const checker = new TypeScriptChecker()
  const { signal } = new AbortController()
  const texts = hundredLines()
  const types = declareToolTypes(allTools())
  const pick = (index: number) => texts[index % texts.length] ?? ''
  const check = async (index: number) => {
    const started = performance.now()
    await checker.check({ source: pick(index), findings: [] }, types, signal)
    return performance.now() - started
  }
  const read = (index: number) => {
    const source = `(async function () {"use strict";\n${pick(index)}\n})`
    const started = performance.now()
    // With the options that programs are read with once their types are gone, and the types beside it.
    parse(source, { sourceType: 'script', plugins: ['typescript'], errorRecovery: true })
    return performance.now() - started
  }
  const [loadBefore = 0] = loadavg()
  const cold = await check(0)
  for (let index = 0; index < 100; index += 1) {
    await check(index)
    read(index)
  }
  const checks: number[] = []
  const parses: number[] = []
  for (let index = 0; index < count; index += 1) {
    checks.push(await check(index))
    parses.push(read(index))
  }
  const { version } = installation
  const [load = 0] = loadavg()
  console.log(`TypeScript ${version}, Node ${process.version}, ${types.toolNames.length} tools`)
  console.log(`${texts.length} texts of ${LINES.fewest} to ${LINES.most} lines, ${count} checks`)
  console.log(`load before and after        ${loadBefore.toFixed(2)}, ${load.toFixed(2)}`)
  console.log(`first check, with the start  ${ms(cold)}`)
  console.log(
    `type check     p50           ${ms(median(checks))}   p95 ${ms(quantile(checks, 0.95))}`,
  )
  console.log(
    `@babel/parser  p50           ${ms(median(parses))}   p95 ${ms(quantile(parses, 0.95))}`,
  )
  console.log(
    `ratio of the p50s            ${(median(checks) / median(parses)).toFixed(1).padStart(7)}`,
  )
  await checker.close()
}

await main()
