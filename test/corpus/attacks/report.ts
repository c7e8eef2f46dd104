import { mkdirSync, writeFileSync } from 'node:fs'
import type { AttackCase } from './attack-case.ts'
import type { Judgement } from './judge.ts'

// The folder `coverage` is not tracked.
const FOLDER = new URL('../../../coverage/attacks/', import.meta.url)

/** Writes one pass down: a table for people on standard output, every judgement in a file. */
export function report(
  pass: string,
  attacks: readonly AttackCase[],
  judgements: readonly Judgement[],
): string {
  const text = [
    `Attacks, ${pass}: ${judgements.length} cases, ${count(judgements, 'breached')} breached, ` +
      `${count(judgements, 'static-miss')} static misses, ${defective(judgements).length} with defects`,
    ...countBy('goal', attacks, judgements),
    ...countBy('category', attacks, judgements),
    ...judgements.filter(isNotable).map(describeJudgement),
  ].join('\n')
  mkdirSync(FOLDER, { recursive: true })
  const name = pass.replace(/\W+/g, '-')
  writeFileSync(new URL(`${name}.json`, FOLDER), `${JSON.stringify(judgements, null, 2)}\n`)
  return text
}

/** One line for one case: its name, the verdict and what was seen. */
export function describeJudgement(judgement: Judgement): string {
  const { id, verdict, evidence, defects, answer } = judgement
  const seen = [...evidence, ...defects.map((defect) => `defect: ${defect}`)]
  return `${id} ${verdict}: ${seen.join('; ')} [${answer}]`
}

/** Cases whose answer was not one of the product's own kind, or not on record. */
export function defective(judgements: readonly Judgement[]): readonly Judgement[] {
  return judgements.filter(({ defects }) => defects.length > 0)
}

function isNotable({ verdict, defects }: Judgement): boolean {
  return verdict !== 'held' || defects.length > 0
}

function count(judgements: readonly Judgement[], verdict: Judgement['verdict']): number {
  return judgements.filter((judgement) => judgement.verdict === verdict).length
}

function countBy(
  field: 'goal' | 'category',
  attacks: readonly AttackCase[],
  judgements: readonly Judgement[],
): string[] {
  const groups = Map.groupBy(attacks, (attack) => attack[field])
  return [...groups].map(([name, members]) => {
    const ids = new Set(members.map(({ id }) => id))
    const own = judgements.filter(({ id }) => ids.has(id))
    return `  ${field} ${name}: ${count(own, 'held')} of ${own.length} held`
  })
}
