import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { findProgram, type LaunchPlan } from '../../../harness/sandbox/isolation/driver.ts'
import type { SpawnedProcess } from '../../../harness/sandbox/spawner.ts'

const SPAWNER = pathToFileURL(
  new URL('../../../harness/sandbox/process-spawner.ts', import.meta.url).pathname,
).href

/** A plan for a program of the system, without isolation. */
export function planOf(
  command: string,
  args: readonly string[] = [],
  more: Partial<LaunchPlan> = {},
): LaunchPlan {
  return { command, args, reportsPid: false, seal: null, ...more }
}

/** A plan for a line of shell. Descriptor 3 is the channel. */
export function shellPlan(script: string, more: Partial<LaunchPlan> = {}): LaunchPlan {
  return planOf('/bin/sh', ['-c', script], more)
}

/** Says what it is told. */
export const ECHO: LaunchPlan = shellPlan('cat <&3 >&3')
/** Does nothing for longer than any test. */
export const SLEEP: LaunchPlan = planOf('/bin/sleep', ['100'])

const bubblewrap = findProgram('bwrap') ?? '/missing'
const jail = [
  '--unshare-user',
  '--unshare-pid',
  '--as-pid-1',
  '--new-session',
  '--ro-bind',
  '/',
  '/',
]
/** Whether bubblewrap works here. */
export const canJail: boolean = spawnSync(bubblewrap, [...jail, '/bin/true']).status === 0
/** The same as {@link SLEEP}, under bubblewrap. */
export const JAILED: LaunchPlan = planOf(
  bubblewrap,
  [...jail, '--info-fd', '5', '/bin/sleep', '100'],
  {
    reportsPid: true,
  },
)

/** What a process says to a text. */
export async function answer(child: SpawnedProcess, text: string): Promise<string> {
  child.channel.write(text)
  const [bytes] = await once(child.channel, 'data')
  return String(bytes)
}

/** Everything a process says on its channel until it closes it. */
export async function readAll(child: SpawnedProcess): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of child.channel) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('latin1')
}

export interface ProcessStatus {
  readonly pid: number
  readonly state: string
  readonly parent: number
  readonly group: number
  readonly session: number
}

/** Every process of the machine, or one of them. Dead ones that nobody has asked after included. */
export function processes(pid?: number): ProcessStatus[] {
  const names =
    pid === undefined ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [pid]
  return names.flatMap((name) => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const [state = '', ...ids] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const [parent = 0, group = 0, session = 0] = ids.map(Number)
      return [{ pid: Number(name), state, parent, group, session }]
    } catch {
      return []
    }
  })
}

/** Whether something still runs under a process id. */
export function isRunning(pid: number): boolean {
  return processes(pid).some(({ state }) => state !== 'Z' && state !== 'X')
}

export function openDescriptors(pid: number | 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** Waits for something that another process does. Answers whether it came true in time. */
export async function comesTrue(check: () => boolean, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs
  while (!check()) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return true
}

/** A process of its own that spawns, and says with `say(value)` what it has done. */
export class Host {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>

  /**
   * @param body - Knows `spawner`, `ProcessSpawner`, `plan(command, args)` and `say(value)`.
   * @param maxDescriptors - The limit the process starts with. Default: the one of the test.
   * @param inherited - A descriptor that it is started with, beyond the standard ones.
   */
  constructor(body: string, maxDescriptors?: number, inherited?: number) {
    const script = `
      import { ProcessSpawner } from '${SPAWNER}'
      const spawner = new ProcessSpawner()
      const plan = (command, ...args) => ({ command, args, reportsPid: false, seal: null })
      const say = (value) => console.log(JSON.stringify(value))
      ${body}`
    const node = [process.execPath, '--no-warnings', '--input-type=module', '-e', script]
    const [command = '', ...args] =
      maxDescriptors === undefined
        ? node
        : ['/bin/sh', '-c', `ulimit -n ${maxDescriptors}; exec "$@"`, 'sh', ...node]
    const stdio: StdioOptions = ['ignore', 'pipe', 'inherit']
    if (inherited !== undefined) {
      while (stdio.length < inherited) stdio.push('ignore')
      stdio.push('pipe')
    }
    this.process = spawn(command, args, { stdio })
    if (this.process.stdout === null) throw new Error('The host has no output')
    this.#lines = createInterface(this.process.stdout)[Symbol.asyncIterator]()
  }

  /** The next value that the host says. */
  async next<T>(): Promise<T> {
    const { done, value } = await this.#lines.next()
    if (done === true) throw new Error('The host ended')
    return JSON.parse(value) as T
  }
}
