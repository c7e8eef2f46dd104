import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { IsolationDriver } from '../../../../../harness/sandbox/isolation/driver.ts'
import { isRoot } from '../../../../../harness/sandbox/isolation/probe.ts'
import {
  locateRuntimeFiles,
  type RuntimeFiles,
  UNPRIVILEGED_ID,
} from '../../../../../harness/sandbox/isolation/runtime-files.ts'
import { copyInto } from '../../../../../harness/sandbox/isolation/stage.ts'
import { DirectSpawner } from '../../../../../harness/sandbox/process-spawner.ts'
import { encodeFrame } from '../../../../../harness/sandbox/rpc-channel.ts'
import type { ProcessExit, SpawnedProcess } from '../../../../../harness/sandbox/spawner.ts'
import type { EscapeAnswer, EscapeOrder, EscapeWorld } from './escaped-child.mts'

const PROGRAM = 'escaped-child.mts'
const TIMEOUT_MS = 20_000

/** Things to be harmed, and children that try to. */
export class EscapeLab {
  readonly #folder: string
  readonly #files: RuntimeFiles
  readonly #spawner = new DirectSpawner()
  readonly #servers: Server[] = []
  #victim: ChildProcess | null = null

  private constructor(files: RuntimeFiles) {
    this.#files = files
    this.#folder = mkdtempSync(join(tmpdir(), 'airlock-lab-'))
    chmodSync(this.#folder, 0o755)
    copyFileSync(join(import.meta.dirname, PROGRAM), this.#program)
    chmodSync(this.#program, 0o644)
    writeFileSync(join(this.#folder, 'readable'), 'the content of a file', { mode: 0o644 })
    writeFileSync(join(this.#folder, 'private'), 'the content of a file', { mode: 0o600 })
  }

  static async open(): Promise<EscapeLab> {
    const lab = new EscapeLab(await locateRuntimeFiles(isRoot(), 'quickjs'))
    for (const at of [0, join(lab.#folder, 'socket'), lab.#abstractSocket]) {
      const server = createServer((socket) => socket.on('error', () => {}).end())
      await new Promise<void>((done) => server.listen({ ...listenAt(at) }, done))
      lab.#servers.push(server)
    }
    chmodSync(join(lab.#folder, 'socket'), 0o777)
    return lab
  }

  /**
   * Lets one attempt be made in a child of a driver.
   *
   * @throws {Error} If the child did not come as far as trying.
   */
  async attempt(driver: IsolationDriver, attempt: string): Promise<EscapeAnswer> {
    const child = await this.#start(driver, attempt)
    const timer = setTimeout(() => child.kill(), TIMEOUT_MS)
    try {
      const [ready, answer] = await hear(child.channel)
      if (ready === undefined) throw new Error(`${driver.name}, ${attempt}: ${child.lastWords}`)
      if (answer === undefined) return howItEnded(attempt, await child.exited)
      const { port, ...told } = JSON.parse(answer) as EscapeAnswer
      const isTrue = port === undefined || (await connects(port))
      return isTrue ? told : { isReached: false, detail: 'out of reach' }
    } finally {
      clearTimeout(timer)
      child.kill()
      await child.exited
    }
  }

  async #start(driver: IsolationDriver, attempt: string): Promise<SpawnedProcess> {
    const entry = this.#program
    const code = [...this.#files.code, entry]
    const plan = driver.plan({
      ...this.#files,
      entry,
      code,
      minimalRoot: () => this.#minimalRoot(),
    })
    // Foreign functions stand for native code that somebody got to run.
    const allow = (word: string): string =>
      word === '--no-experimental-ffi' ? '--allow-ffi' : word
    const child = await this.#spawner.spawn({ ...plan, args: plan.args.map(allow) })
    const sandbox = dirname(dirname(this.#files.entry))
    const seal = join(sandbox, 'isolation', `self-seal${extname(this.#files.entry)}`)
    const order: EscapeOrder = {
      attempt,
      sealModule: pathToFileURL(seal).href,
      seal: plan.seal,
      world: this.#world(),
    }
    child.channel.write(encodeFrame(JSON.stringify(order)))
    return child
  }

  async close(): Promise<void> {
    this.#victim?.kill('SIGKILL')
    await this.#spawner.close()
    for (const server of this.#servers) server.close()
    rmSync(this.#folder, { recursive: true, force: true })
    this.#files.remove()
  }

  /** The root of the package's own, with the program of this lab in it. */
  #minimalRoot(): string {
    const root = this.#files.minimalRoot()
    copyInto(root, [[this.#program, this.#program]])
    return root
  }

  get #program(): string {
    return join(this.#folder, PROGRAM)
  }

  get #abstractSocket(): string {
    return `\0${this.#folder}`
  }

  #world(): EscapeWorld {
    const openFolder = mkdtempSync(join(this.#folder, 'open-'))
    chmodSync(openFolder, 0o777)
    const deletableFile = join(openFolder, 'deletable')
    writeFileSync(deletableFile, '')
    if (isRoot()) chownSync(deletableFile, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
    const address = this.#servers[0]?.address()
    return {
      readableFile: join(this.#folder, 'readable'),
      privateFile: join(this.#folder, 'private'),
      openFolder,
      deletableFile,
      socketPath: join(this.#folder, 'socket'),
      abstractSocket: this.#abstractSocket,
      port: typeof address === 'object' && address !== null ? address.port : 0,
      victimPid: this.#freshVictim(),
      hostPid: process.pid,
    }
  }

  /** A process of its own for every attempt: of the one before nobody knows yet whether it has ended. */
  #freshVictim(): number {
    this.#victim?.kill('SIGKILL')
    const user = isRoot() ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {}
    this.#victim = spawn('sleep', ['600'], { stdio: 'ignore', ...user })
    return this.#victim.pid ?? 0
  }
}

function listenAt(at: number | string) {
  return typeof at === 'number' ? { port: at, host: '127.0.0.1' } : { path: at }
}

/** The whole lines that a child says until it has answered or is gone. */
function hear(channel: Socket): Promise<string[]> {
  return new Promise((resolve) => {
    let text = ''
    const lines = (): string[] => text.split('\n').slice(0, -1)
    channel.on('error', () => {})
    channel.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (lines().length > 1) resolve(lines())
    })
    channel.once('close', () => resolve(lines()))
  })
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** It is gone without a word: killed for what it tried, or another program by now. */
function howItEnded(attempt: string, { code, signal }: ProcessExit): EscapeAnswer {
  if (signal === 'SIGSYS' || code === 159) return { isReached: false, detail: 'SIGSYS' }
  // However the other program fares: Node does not get far without /proc and /dev.
  if (attempt.endsWith('become another program')) return { isReached: true, detail: 'done' }
  return { isReached: false, detail: signal ?? `exit code ${code}` }
}
