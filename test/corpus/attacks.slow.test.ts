import { describe, expect, it } from 'vitest'
import { type AttackCase, isBomb, readAttacks } from './attacks/attack-case.ts'
import type { Judgement } from './attacks/judge.ts'
import { defective, describeJudgement, report } from './attacks/report.ts'
import { isolationOf, runCorpus } from './attacks/run-corpus.ts'
import type { TargetName } from './attacks/target.ts'
import { findToken, randomToken } from './attacks/token-forms.ts'

const attacks = readAttacks()
const REQUIRE_KERNEL = process.env['AIRLOCK_REQUIRE_SERVICES'] === '1'

/** What would succeed in a plain process under Node's permission model, analysis switched off. */
const STOPPED_BY_THE_KERNEL_ALONE: readonly string[] = []

const passes = {
  'as shipped': 'product',
  'without analysis and code policies': 'product-without-analysis',
} satisfies Record<string, TargetName>

describe('the public attacks get nothing', () => {
  for (const [pass, target] of Object.entries(passes)) {
    it(`from the product ${pass}`, { timeout: 300_000 }, async () => {
      const judgements = await runCorpus(target, attacks)
      console.info(report(pass, attacks, judgements))
      const breached = withVerdict(judgements, 'breached')
      const { level } = await isolationOf(target)
      if (level === 'kernel' || REQUIRE_KERNEL) expect(breached).toEqual([])
      else console.warn(`This host reaches level ${level}, which cannot hold:`, breached)
      expect(withVerdict(judgements, 'static-miss')).toEqual([])
      expect(defective(judgements).map(describeJudgement)).toEqual([])
      expect(judgements).toHaveLength(attacks.length)
    })
  }
})

describe('the engine is a wall of its own', () => {
  it('stops all but the listed attacks without the kernel', { timeout: 300_000 }, async () => {
    // Every third; `node scripts/layer-table.mjs corpus quickjs` runs them all, layer by layer.
    const quiet = attacks.filter((attack) => !isBomb(attack)).filter((_, index) => index % 3 === 0)
    const judgements = await runCorpus('product-without-kernel', quiet)
    const breached = judgements.filter(({ verdict }) => verdict === 'breached')
    console.info('Stopped by the kernel alone:', breached.map(describeJudgement))
    expect(breached.map(({ id }) => id)).toEqual(STOPPED_BY_THE_KERNEL_ALONE)
  })
})

describe('the harness is not blind', () => {
  it('sees most attacks succeed that beat a sandbox of this kind', {
    timeout: 300_000,
  }, async () => {
    const sample = oneBombOfAKind(attacks.filter(({ beats }) => beats.includes('function')))
    const judgements = await runCorpus('broken', sample)
    const seen = withVerdict(judgements, 'breached').length
    const missed = withVerdict(judgements, 'held')
    console.info(`Broken sandbox: ${seen} of ${sample.length} seen to succeed; not seen:`, missed)
    expect(seen / sample.length).toBeGreaterThan(0.9)
  })

  it('sees nothing in a program that does no harm', { timeout: 60_000 }, async () => {
    const harmless: AttackCase = {
      id: 'harmless',
      category: 'none',
      technique: 'none',
      language: 'js',
      goal: 'read-canary-env',
      code: 'return (await tools.echo(data.rows)).length',
      success_marker: { kind: 'contains-canary', what: 'env' },
      static: 'may-reject',
      beats: [],
    }
    const [judgement] = await runCorpus('broken', [harmless])
    expect(judgement).toMatchObject({ verdict: 'held', answer: 'completed 3' })
  })

  const token = randomToken('x')
  const bytes = Buffer.from(token)
  const hidden: Record<string, string> = {
    plainly: `value: ${token}.`,
    'as base64': bytes.toString('base64'),
    'as base64, one byte in': Buffer.from(`1${token}234`).toString('base64'),
    'as base64, two bytes in': Buffer.from(`12${token}34`).toString('base64'),
    'as base64url in lines': Buffer.from(`ÿ?${token}`)
      .toString('base64url')
      .replace(/.{20}/g, '$&\n'),
    'as hex': bytes.toString('hex').toUpperCase(),
    reversed: [...token].reverse().join(''),
    'as char codes': JSON.stringify({ data: [1, ...bytes, 2] }, null, 1),
  }
  for (const [name, text] of Object.entries(hidden)) {
    it(`finds a secret ${name}`, () => expect(findToken(text, token)).not.toBeNull())
  }

  it('finds no secret in another one', () => {
    const other = Object.values(hidden).join(' ').replaceAll(token, randomToken('x'))
    expect(findToken(other, randomToken('x'))).toBeNull()
  })
})

function withVerdict(judgements: readonly Judgement[], verdict: Judgement['verdict']): string[] {
  return judgements.filter((judgement) => judgement.verdict === verdict).map(describeJudgement)
}

/** Bombs run alone and take their time, so of each goal and marker one is enough. */
function oneBombOfAKind(cases: readonly AttackCase[]): AttackCase[] {
  const kindOf = ({ goal, success_marker }: AttackCase) => `${goal} ${success_marker.kind}`
  const bombs = Map.groupBy(cases.filter(isBomb), kindOf)
  return [
    ...cases.filter((attack) => !isBomb(attack)),
    ...[...bombs.values()].flatMap((all) => all.slice(0, 1)),
  ]
}
