import { type AttackCase, fillPlaceholders, isBomb } from './attack-case.ts'
import type { Execution } from './host-messages.ts'
import { HostProcess } from './host-process.ts'
import { isOnlyLate, type Judgement, judge } from './judge.ts'
import { runAttack } from './run-attack.ts'
import type { TargetName } from './target.ts'
import { Workbench } from './workbench.ts'

/** Uses every tool, both languages and every refusal once, so that what the host keeps is there. */
const WARM_UP = [
  { language: 'js', code: 'return await tools.echo({ a: 1 })' },
  { language: 'ts', code: 'const n: number = 1; return n' },
  { language: 'js', code: "return await tools.lookup({ key: 'other' })" },
  { language: 'js', code: "return await tools.sql({ query: 'SELECT count(*) AS n FROM orders' })" },
  { language: 'js', code: "return await tools.sql({ query: 'SELECT secret FROM vault' })" },
  { language: 'js', code: 'this is not a program' },
] as const
/** Goals that change nothing in a host when they are reached. */
const LOOKERS = new Set(['read-canary-env', 'read-canary-file', 'connect-canary-port'])
const POLL_MS = 50
/** So many looks without a change, and a host is idle. */
const CALM_POLLS = 4
const MAX_POLLS = 60

/** A host with its surroundings, replaced whenever a case has harmed it. */
class Lane {
  readonly #target: TargetName
  #bench: Workbench | null = null
  #host: HostProcess | null = null

  constructor(target: TargetName) {
    this.#target = target
  }

  async judge(attack: AttackCase): Promise<Judgement> {
    const { host, bench } = await this.#ready()
    const filled = fillPlaceholders(attack, bench.placeholders)
    const seen = await runAttack(filled, host, bench)
    const judgement = judge(filled, seen, { tokens: bench, target: this.#target })
    const isHarmed = host.exit !== null || (seen.plain?.outcome?.result ?? null) !== 2
    if (isHarmed || (judgement.verdict === 'breached' && !LOOKERS.has(attack.goal))) {
      await this.close()
    }
    return judgement
  }

  async close(): Promise<void> {
    await this.#host?.stop()
    await this.#bench?.close()
    this.#host = this.#bench = null
  }

  async #ready(): Promise<{ host: HostProcess; bench: Workbench }> {
    if (this.#host !== null && this.#bench !== null) return { host: this.#host, bench: this.#bench }
    const bench = await Workbench.open()
    this.#bench = bench
    const host = await HostProcess.start(this.#target, bench)
    this.#host = host
    for (const { code, language } of WARM_UP) {
      const request = { code, language, data: null, userId: 'warm-up', tenantId: 'warm-up' }
      await host.ask<Execution>({ kind: 'execute', request })
    }
    await untilIdle(host)
    bench.rememberFiles()
    return { host, bench }
  }
}

async function untilIdle(host: HostProcess): Promise<void> {
  let calm = 0
  for (let poll = 0; poll < MAX_POLLS && calm < CALM_POLLS; poll++) {
    await new Promise((done) => setTimeout(done, POLL_MS))
    calm = host.tree.rememberIdle() ? calm + 1 : 0
  }
}

/** Runs cases against a target and judges each: quiet ones in two lanes, then the bombs one at a time. */
export async function runCorpus(
  target: TargetName,
  attacks: readonly AttackCase[],
): Promise<Judgement[]> {
  const quiet = attacks.filter((attack) => !isBomb(attack))
  const lanes = [0, 1].map((lane) => quiet.filter((_, index) => index % 2 === lane))
  const first = await Promise.all(lanes.map((lane) => runLane(target, lane)))
  const bombs = await runLane(target, attacks.filter(isBomb))
  const judgements = [...first.flat(), ...bombs]
  // A busy machine is late as well. What is late again, alone and in a new host, is late.
  const late = new Set(judgements.filter(isOnlyLate).map(({ id }) => id))
  const again = await runLane(
    target,
    attacks.filter(({ id }) => late.has(id)),
  )
  return [...judgements.filter(({ id }) => !late.has(id)), ...again].sort((a, b) =>
    a.id.localeCompare(b.id),
  )
}

/** What separates programs from a host of this target. */
export async function isolationOf(target: TargetName): Promise<{ readonly level: string }> {
  const bench = await Workbench.open()
  const host = await HostProcess.start(target, bench)
  const facts = await host.ask<{ level: string }>({ kind: 'isolation' })
  await host.stop()
  await bench.close()
  return facts ?? { level: 'unknown' }
}

async function runLane(target: TargetName, attacks: readonly AttackCase[]): Promise<Judgement[]> {
  const lane = new Lane(target)
  const judgements: Judgement[] = []
  try {
    for (const attack of attacks) judgements.push(await lane.judge(attack))
  } finally {
    await lane.close()
  }
  return judgements
}
