import { existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { IsolationDriver, SandboxEngine } from '../../../../../harness/index.ts'
import { isRoot } from '../../../../../harness/sandbox/isolation/probe.ts'
import { type AttackCase, readAttacks } from '../../../../corpus/attacks/attack-case.ts'
import { runCorpus } from '../../../../corpus/attacks/run-corpus.ts'
import type { TargetName } from '../../../../corpus/attacks/target.ts'
import type { EscapeLab } from './escape-lab.ts'
import {
  driverWithOnly,
  REMOVABLE_LAYERS,
  type RemovableLayer,
  WeakenedDriver,
} from './without-layers.ts'

/** What became of one attempt of a program that has left its engine. */
export interface AttemptRecord {
  readonly succeedsWithAll: boolean
  readonly succeedsWithNone: boolean
  /** Layers without which it succeeds although all others stand. */
  readonly needs: readonly RemovableLayer[]
  /** Layers that stop it with nothing else around. */
  readonly heldBy: readonly RemovableLayer[]
}

/** What became of the public attacks with some layers taken away. */
export interface CorpusRecord {
  readonly engine: SandboxEngine
  readonly removed: readonly RemovableLayer[]
  readonly attacks: number
  /** Names of the attacks that succeeded. */
  readonly succeeded: readonly string[]
}

/** What became of the public attacks with one of the drivers of the package. */
export interface DriverRecord extends Omit<CorpusRecord, 'removed'> {
  readonly driver: string
  readonly user: 'root' | 'nobody'
}

/** Everything that was measured on one host, by hand: it takes long. */
export interface LayerRecord {
  /** Which Node on which system. */
  readonly host: string
  readonly attempts: Readonly<Record<string, AttemptRecord>>
  readonly corpus: readonly CorpusRecord[]
  readonly drivers: readonly DriverRecord[]
}

const FILE = new URL('../../../../corpus/layers.json', import.meta.url)

/** Nothing taken away, each layer alone, all of them. */
export const REMOVALS: readonly (readonly RemovableLayer[])[] = [
  [],
  ...REMOVABLE_LAYERS.map((layer) => [layer]),
  REMOVABLE_LAYERS,
]

const EMPTY: LayerRecord = { host: '', attempts: {}, corpus: [], drivers: [] }

/** What was measured last; nothing before that. */
export function readLayerRecord(): LayerRecord {
  const text = existsSync(FILE) ? readFileSync(FILE, 'utf8') : ''
  return text === '' ? EMPTY : { ...EMPTY, ...JSON.parse(text) }
}

/**
 * A way to write the record down that stays open when this process becomes somebody who may not.
 */
export function openLayerRecord(): (record: LayerRecord) => void {
  const file = openSync(FILE, 'a+')
  return (record) => {
    ftruncateSync(file)
    writeSync(file, `${JSON.stringify(record, null, 2)}\n`)
  }
}

/** Lets one attempt be made with every layer alone, without each, with all and with none. */
export async function recordAttempt(lab: EscapeLab, attempt: string): Promise<AttemptRecord> {
  const succeeds = async (driver: IsolationDriver): Promise<boolean> =>
    (await lab.attempt(driver, attempt)).isReached
  const needs: RemovableLayer[] = []
  const heldBy: RemovableLayer[] = []
  for (const layer of REMOVABLE_LAYERS) {
    if (await succeeds(new WeakenedDriver([layer]))) needs.push(layer)
    if (!(await succeeds(driverWithOnly(layer)))) heldBy.push(layer)
  }
  return {
    succeedsWithAll: await succeeds(new WeakenedDriver([])),
    succeedsWithNone: await succeeds(new WeakenedDriver(REMOVABLE_LAYERS)),
    needs,
    heldBy,
  }
}

/** Runs the public attacks, analysis and code policies off, with some layers taken away. */
export async function recordCorpus(
  engine: SandboxEngine,
  removed: readonly RemovableLayer[],
): Promise<CorpusRecord> {
  return { engine, removed, ...(await runAttacks(`layers:${engine}:${removed.join(',')}`)) }
}

/** Runs the public attacks, analysis and code policies off, with one driver, as whoever this is. */
export async function recordDriver(engine: SandboxEngine, driver: string): Promise<DriverRecord> {
  const user = isRoot() ? 'root' : 'nobody'
  return { engine, driver, user, ...(await runAttacks(`driver:${engine}:${driver}`)) }
}

async function runAttacks(target: TargetName) {
  const attacks = readAttacks()
  const first = await breachesOf(target, attacks)
  // On a busy machine an honest neighbour may fail for want of time: what got through gets through again.
  const suspects = attacks.filter(({ id }) => first.has(id))
  const again = suspects.length === 0 ? first : await breachesOf(target, suspects)
  for (const [id, evidence] of first) console.warn(target, id, again.has(id), evidence)
  return { attacks: attacks.length, succeeded: [...again.keys()] }
}

async function breachesOf(target: TargetName, attacks: readonly AttackCase[]) {
  const judgements = await runCorpus(target, attacks)
  if (judgements.length !== attacks.length) throw new Error('An attack was not judged')
  const breaches = judgements.filter(({ verdict }) => verdict === 'breached')
  return new Map(breaches.map(({ id, evidence }) => [id, evidence]))
}
