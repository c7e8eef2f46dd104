/**
 * Unbalanced, nested, truncated and mutated statements against `DataPolicy`: every one is answered within a
 * second, none that is allowed touches another table, and no process dies of any. Anything else makes the
 * exit code 1.
 *
 * node bench/sql-fuzz.ts [--count 20000] [--seed 1]
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { DataPolicy } from '../harness/policy/data-policy.ts'
import { hostileTexts } from '../test/harness/policy/sql/hostile-texts.ts'
import { quantile } from './quantiles.ts'

const LONGEST_MS = 1_000
const READABLE = ['orders', 'customers', 'products']
const WRITABLE = ['carts']

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
})

const policy = new DataPolicy({ readableTables: READABLE, writableTables: WRITABLE })
const sample = fc.sample(hostileTexts, { numRuns: Number(values.count), seed: Number(values.seed) })
const times: number[] = []
const problems: string[] = []
const decisions: Record<string, number> = {}

for (const [index, [dialect, sql]] of sample.entries()) {
  // A child that was killed for the text before is ready again before the clock starts.
  if (times.at(-1) === undefined || (times.at(-1) ?? 0) > 100) {
    await policy.judgeSql(`SELECT ${index}`, { dialect })
  }
  const started = performance.now()
  const verdict = await policy.judgeSql(sql, { dialect })
  const ms = performance.now() - started
  times.push(ms)
  const decision = verdict.reasonCode ?? 'allowed'
  decisions[decision] = (decisions[decision] ?? 0) + 1
  const isWithin =
    verdict.tables.read.every((table) => READABLE.includes(table)) &&
    verdict.tables.written.every((table) => WRITABLE.includes(table))
  if (ms > LONGEST_MS) problems.push(`${Math.round(ms)} ms: ${dialect} ${JSON.stringify(sql)}`)
  if (verdict.decision === 'allow' && !isWithin) {
    problems.push(`allowed: ${dialect} ${JSON.stringify(sql)}`)
  }
}
await policy.close()

const [median, p95] = [quantile(times, 0.5), quantile(times, 0.95)].map((ms) => ms.toFixed(2))
const longest = Math.round(Math.max(...times))
console.log(
  JSON.stringify({ count: times.length, median, p95, longest, decisions, problems }, null, 2),
)
process.exitCode = problems.length === 0 ? 0 : 1
