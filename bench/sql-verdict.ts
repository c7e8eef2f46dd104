/**
 * How long a verdict over SQL takes, over the public corpus, warm, with the way to the child and back; and
 * over the texts that parsers choke on.
 *
 * node bench/sql-verdict.ts [passes]
 */
import { loadavg } from 'node:os'
import { DataPolicy } from '../harness/policy/data-policy.ts'
import type { SqlDialect } from '../harness/sandbox/tool-host.ts'
import { blowUps } from '../test/harness/policy/sql/hostile-texts.ts'
import { corpusOptions, sqlCorpus } from '../test/harness/policy/sql/sql-corpus.ts'
import { quantile } from './quantiles.ts'

const DIALECTS: readonly SqlDialect[] = ['postgresql', 'mysql', 'sqlite']
const LIMITS = { medianMs: 1, p95Ms: 20, longestMs: 1_000 }
const passes = Number(process.argv[2] ?? 5)

/** The verdicts of one dialect; the first pass only warms the code of the child. */
async function timesOf(dialect: SqlDialect): Promise<number[]> {
  const policies = new Map<string, DataPolicy>()
  const times: number[] = []
  for (let pass = 0; pass <= passes; pass += 1) {
    for (const entry of sqlCorpus.filter((each) => each.dialect === dialect)) {
      const options = corpusOptions(entry)
      const key = JSON.stringify(options)
      let policy = policies.get(key)
      if (policy === undefined) {
        policy = new DataPolicy(options)
        policies.set(key, policy)
        await policy.judgeSql('SELECT 1', { dialect })
      }
      // A text that is new in nothing but white space is not answered from memory.
      const sql = `${' '.repeat(pass)}${entry.sql}`
      const started = performance.now()
      await policy.judgeSql(sql, { dialect })
      if (pass > 0) times.push(performance.now() - started)
    }
  }
  await Promise.all([...policies.values()].map((policy) => policy.close()))
  return times
}

async function timesOfBlowUps(): Promise<number[]> {
  const policy = new DataPolicy({ readableTables: ['orders'], writableTables: ['carts'] })
  const times: number[] = []
  for (const [index, [dialect, sql]] of Object.values(blowUps).entries()) {
    // Whoever was killed is replaced before the next text comes.
    await policy.judgeSql(`SELECT ${index}`, { dialect })
    const started = performance.now()
    await policy.judgeSql(sql, { dialect })
    times.push(performance.now() - started)
  }
  await policy.close()
  return times
}

function row(what: string, times: readonly number[]): string {
  const cells = [quantile(times, 0.5), quantile(times, 0.95), Math.max(...times)]
  return `| ${what} | ${times.length} | ${cells.map((ms) => ms.toFixed(2)).join(' | ')} |`
}

console.log(`Load before: ${loadavg()[0]?.toFixed(1)}; ${passes} passes\n`)
console.log('| Verdicts | count | p50 ms | p95 ms | longest ms |')
console.log('| --- | --- | --- | --- | --- |')
const all: number[] = []
for (const dialect of DIALECTS) {
  const times = await timesOf(dialect)
  all.push(...times)
  console.log(row(dialect, times))
}
const worst = await timesOfBlowUps()
console.log(row('all', all))
console.log(row('blow-ups', worst))
const isReached =
  quantile(all, 0.5) <= LIMITS.medianMs &&
  quantile(all, 0.95) <= LIMITS.p95Ms &&
  Math.max(...all, ...worst) <= LIMITS.longestMs
console.log(`\n${isReached ? 'Reached' : 'NOT reached'}: ${JSON.stringify(LIMITS)}`)
process.exitCode = isReached ? 0 : 1
