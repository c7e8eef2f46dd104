import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { descendantsOf } from './processes.ts'

const PATIENCE_MS = 10_000
const VERSIONS = '/usr/lib/postgresql'

/** The folder of the server's programs, or `null`: `AIRLOCK_TEST_POSTGRESQL_BIN`, or where Debian has them. */
export function postgresqlPrograms(): string | null {
  const named = process.env['AIRLOCK_TEST_POSTGRESQL_BIN']
  const versions = existsSync(VERSIONS) ? readdirSync(VERSIONS) : []
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0] ?? ''
  const folder = named ?? join(VERSIONS, newest, 'bin')
  if (existsSync(join(folder, 'initdb'))) return folder
  if (process.env['AIRLOCK_REQUIRE_SERVICES'] !== '1') return null
  throw new Error('AIRLOCK_REQUIRE_SERVICES=1, and there are no programs of PostgreSQL')
}

/** A PostgreSQL server of a test's own, which it may stop, suspend and let run out of room. */
export class OwnPostgresql {
  /** What holds its files. */
  readonly folder: string
  readonly #programs: string
  readonly #port: number
  readonly #user: { readonly uid: number; readonly gid: number } | null
  #server: ChildProcess | null = null
  /** Whether the folder was made here. */
  #isOwnFolder = false

  private constructor(programs: string, folder: string, port: number) {
    this.#programs = programs
    this.folder = folder
    this.#port = port
    // It refuses to run as root.
    this.#user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : null
  }

  /**
   * Makes an empty server and starts it.
   *
   * @param folder - Where its files go; a folder of its own when left out.
   */
  static async start(folder?: string): Promise<OwnPostgresql> {
    const programs = postgresqlPrograms()
    if (programs === null) throw new TypeError('There are no programs of PostgreSQL')
    const home = folder ?? mkdtempSync(join(tmpdir(), 'airlock-pg-'))
    const server = new OwnPostgresql(programs, home, await freePort())
    server.#isOwnFolder = folder === undefined
    server.#initialise()
    await server.start()
    return server
  }

  /** The address of its database. */
  get url(): string {
    return `postgresql://postgres@127.0.0.1:${this.#port}/postgres`
  }

  /** Starts it again, and resolves once it answers. */
  async start(): Promise<void> {
    this.#server = spawn(join(this.#programs, 'postgres'), this.#settings(), {
      ...this.#user,
      stdio: 'ignore',
      cwd: this.folder,
    })
    await this.ready()
  }

  /** Resolves once it answers. */
  async ready(): Promise<void> {
    const deadline = Date.now() + 30_000
    for (;;) {
      const client = new Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 })
      client.on('error', () => undefined)
      try {
        await client.connect()
        return
      } catch (error) {
        if (Date.now() > deadline) throw error
        await new Promise((resolve) => setTimeout(resolve, 50))
      } finally {
        await client.end().catch(() => undefined)
      }
    }
  }

  /** Ends it as a power cut would: no process of it does another thing. */
  async kill(): Promise<void> {
    await this.#signal('SIGKILL', true)
  }

  /** Ends it as an operator would. */
  async stop(): Promise<void> {
    await this.#signal('SIGINT', false)
  }

  /** It holds its connections and answers nobody, until {@link resume}. */
  async suspend(): Promise<void> {
    this.#signalAll('SIGSTOP')
  }

  async resume(): Promise<void> {
    this.#signalAll('SIGCONT')
  }

  /** Ends it and removes its files. */
  async remove(): Promise<void> {
    await this.kill()
    const made = this.#isOwnFolder ? this.folder : join(this.folder, 'data')
    rmSync(made, { recursive: true, force: true })
  }

  #initialise(): void {
    const data = join(this.folder, 'data')
    mkdirSync(data, { mode: 0o700 })
    if (this.#user !== null) {
      chmodSync(this.folder, 0o755)
      chownSync(data, this.#user.uid, this.#user.gid)
    }
    const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N']
    const wal = ['--wal-segsize=1']
    const options = { ...this.#user, stdio: 'ignore', cwd: this.folder } as const
    execFileSync(join(this.#programs, 'initdb'), [...args, ...wal], options)
  }

  #settings(): readonly string[] {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      port: this.#port,
      shared_buffers: '4MB',
      max_wal_size: '4MB',
      min_wal_size: '2MB',
    }
    const pairs = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return ['-D', join(this.folder, 'data'), ...pairs]
  }

  #killAll(server: ChildProcess): void {
    const { pid } = server
    if (pid === undefined) return
    for (const one of [...descendantsOf(pid), pid]) tryKill(one, 'SIGKILL')
  }

  #signalAll(signal: NodeJS.Signals): void {
    const pid = this.#server?.pid
    if (pid === undefined) return
    for (const one of [pid, ...descendantsOf(pid)]) tryKill(one, signal)
  }

  async #signal(signal: NodeJS.Signals, isForAll: boolean): Promise<void> {
    const server = this.#server
    this.#server = null
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    const children = descendantsOf(server.pid)
    process.kill(server.pid, signal)
    if (isForAll) for (const child of children) tryKill(child, signal)
    // One that has run out of room may never come to its end.
    const timer = setTimeout(() => this.#killAll(server), PATIENCE_MS)
    await ended
    clearTimeout(timer)
    rmSync(join(this.folder, 'data', 'postmaster.pid'), { force: true })
  }
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
