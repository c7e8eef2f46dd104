import { randomUUID } from 'node:crypto'
import { type AttackCase, isBomb, lingerMs } from './attack-case.ts'
import type { Execution, HostFacts } from './host-messages.ts'
import type { HostProcess } from './host-process.ts'
import type { Workbench } from './workbench.ts'

/** Everything that could be seen of one case, from inside the host and from outside. */
export interface Evidence {
  /** The hostile runs, in order. The last one is judged. */
  readonly attacks: readonly (Execution | null)[]
  readonly innocents: readonly (Execution | null)[]
  /** The innocent run afterwards that must return `expect`. */
  readonly victim: Execution | null
  /** `return 1 + 1`, last of all. */
  readonly plain: Execution | null
  /** `null` when the host could no longer be asked. */
  readonly facts: HostFacts | null
  readonly hostExit: string | null
  readonly output: string
  readonly connections: number
  readonly received: string
  readonly files: readonly string[]
  readonly survivors: readonly string[]
  readonly hostGrowthMb: number
  readonly sandboxPeakMb: number
}

const PLAIN = 'return 1 + 1'
const SETTLE_MS = 60
/** A child that was told to go may take this long. */
const SURVIVOR_MS = 500
const CALM_MS = 1_000
const SMALL_DATA = { rows: [1, 2, 3] }

/** Runs one case, with its innocents, and collects what happened. */
export async function runAttack(
  attack: AttackCase,
  host: HostProcess,
  bench: Workbench,
): Promise<Evidence> {
  bench.startCase()
  host.output = ''
  if (isBomb(attack)) await untilCalm(host)
  host.tree.startCase()
  await host.ask({ kind: 'start-case' })

  const innocents: (Execution | null)[] = []
  if (attack.before !== undefined) innocents.push(await execute(host, attack.before))
  const attacks: (Execution | null)[] = []
  for (let turn = 0; turn < (attack.repeat ?? 1); turn++) attacks.push(await execute(host, attack))
  await delay(Math.max(SETTLE_MS, lingerMs(attack.success_marker)))
  const survivors = await lastingSurvivors(host, bench.envToken)
  // Memory is measured before the other runs, which have a right to some of their own.
  const { rootGrowthMb, peakMb } = host.tree
  const victim = attack.after === undefined ? null : await execute(host, attack.after)
  const first = await execute(host, { code: PLAIN })
  // Asked once more when it was only late: a busy machine delays one run, what is broken fails both.
  const isLate = first?.outcome?.status === 'timed_out'
  const plain = isLate ? await execute(host, { code: PLAIN }) : first
  const facts = await host.ask<HostFacts>({ kind: 'collect' })
  return {
    attacks,
    innocents,
    victim,
    plain,
    facts,
    hostExit: host.exit,
    output: host.output,
    connections: bench.connections,
    received: bench.received,
    files: bench.strangeFiles(),
    survivors,
    hostGrowthMb: Math.round(rootGrowthMb),
    sandboxPeakMb: Math.round(peakMb),
  }
}

function execute(
  host: HostProcess,
  program: Pick<AttackCase, 'code'> & Partial<Pick<AttackCase, 'language' | 'data'>>,
): Promise<Execution | null> {
  const who = randomUUID()
  return host.ask<Execution>({
    kind: 'execute',
    request: {
      code: program.code,
      language: program.language ?? 'js',
      data: program.data ?? SMALL_DATA,
      userId: `user-${who}`,
      tenantId: `tenant-${who}`,
    },
  })
}

/** A replacement that is still starting would count as memory the case took. */
async function untilCalm(host: HostProcess): Promise<void> {
  const deadline = performance.now() + CALM_MS
  let before = 0
  for (let calm = 0; calm < 3 && performance.now() < deadline; ) {
    const totalMb = host.tree.sample()
    calm = Math.abs(totalMb - before) < 2 ? calm + 1 : 0
    before = totalMb
    await delay(20)
  }
}

async function lastingSurvivors(host: HostProcess, token: string): Promise<string[]> {
  const deadline = performance.now() + SURVIVOR_MS
  for (;;) {
    const survivors = host.tree.survivors(token)
    if (survivors.length === 0 || performance.now() > deadline) return survivors
    await delay(20)
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}
