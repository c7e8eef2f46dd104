import type { JsonValue } from '../../harness/index.ts'
import { BenchSandbox, ENGINES, type Engine } from '../bench-sandbox.ts'
import type { GroupContext } from '../group-context.ts'
import { median, quantile } from '../quantiles.ts'
import { atMost, digits, type Row, shown } from '../rows.ts'

const LIMIT_US = 80
const LIMIT_PARSES = 1.4

/** What a tool call costs beyond the tool, with a small answer and with one of a megabyte. */
export async function measureTools({ isQuick }: GroupContext): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const engine of ENGINES) {
    rows.push(await measureRoundTrip(engine, isQuick))
    rows.push(...(await measureLargeAnswer(engine, isQuick)))
  }
  return rows
}

/** From the answer of one call to the arrival of the next: everything but the tool itself. */
async function measureRoundTrip(engine: Engine, isQuick: boolean): Promise<Row> {
  const count = isQuick ? 200 : 5_000
  const sandbox = await BenchSandbox.open(engine)
  const timesUs: number[] = []
  let answeredAt = 0
  const echo = (argument: JsonValue): JsonValue => {
    const now = performance.now()
    if (answeredAt > 0) timesUs.push((now - answeredAt) * 1000)
    answeredAt = performance.now()
    return argument
  }
  const body = `for (let i = 0; i < ${count + 100}; i++) await tool('echo', { i })`
  await sandbox.value({ body: `${body}; return 1`, tools: { echo } })
  await sandbox.close()
  const warm = timesUs.slice(100)
  const what = `tool round trip beyond the tool, ${engine}, p50`
  const note = `${count} calls in a row; p99 ${digits(quantile(warm, 0.99))} µs`
  return atMost({ what, value: median(warm), limit: LIMIT_US, unit: 'µs', note })
}

const ANSWER = Array.from({ length: 9800 }, (_, i) => ({
  id: i,
  name: `customer-${i}`,
  score: ((i * 7919) % 1000) / 10,
  tags: ['alpha', 'beta'],
  note: `row number ${i}`,
  ok: i % 2 === 0,
}))

/**
 * The answer and a parse of the same text by the engine itself take turns in one program, and the host
 * takes the times, as the clock inside is coarse. A small round trip is part of both and taken off the
 * parse alone, so the ratio holds everything that an answer costs.
 */
async function measureLargeAnswer(engine: Engine, isQuick: boolean): Promise<readonly Row[]> {
  const rounds = isQuick ? 3 : 15
  const sandbox = await BenchSandbox.open(engine)
  const answerMs: number[] = []
  const parseMs: number[] = []
  const emptyMs: number[] = []
  const into: Readonly<Record<string, number[]>> = {
    answer: answerMs,
    parse: parseMs,
    empty: emptyMs,
  }
  let answeredAt = 0
  const mark = (argument: JsonValue): JsonValue => {
    into[String(argument)]?.push(performance.now() - answeredAt)
    answeredAt = performance.now()
    return null
  }
  const big = (): JsonValue => {
    answeredAt = performance.now()
    return ANSWER
  }
  const body = `const text = data; let n = 0
    for (let i = 0; i < ${rounds}; i++) {
      await tool('mark', 'start'); await tool('mark', 'empty')
      n += (await tool('big', null)).length; await tool('mark', 'answer')
      n += JSON.parse(text).length; await tool('mark', 'parse')
    }
    return n`
  const text = JSON.stringify(ANSWER)
  await sandbox.value({ body, tools: { mark, big }, data: text })
  await sandbox.close()
  const parse = median(parseMs) - median(emptyMs)
  const value = median(answerMs) / parse
  const what = `tool answer of 1 MB, ${engine}`
  const note = `answer ${digits(median(answerMs))} ms, parse ${digits(parse)} ms of ${text.length} bytes; median of ${rounds}`
  return [
    shown(`${what}, time`, median(answerMs), 'ms'),
    atMost({
      what: `${what}, in parses of its own`,
      value,
      limit: LIMIT_PARSES,
      unit: 'times',
      note,
    }),
  ]
}
