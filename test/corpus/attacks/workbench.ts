import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Placeholders } from './attack-case.ts'
import { randomToken } from './token-forms.ts'
import { createDatabase } from './tool-world.ts'
import { CALL_FRAMES, RESULT_FRAMES } from './wire-frames.ts'

const MAX_RECEIVED = 1_048_576

/** The surroundings of one host: secrets, a folder with a canary, a port nobody should call. */
export class Workbench {
  readonly envToken: string = randomToken('env')
  readonly fileToken: string = randomToken('file')
  readonly folder: string = mkdtempSync(join(tmpdir(), 'attacks-'))
  readonly databaseFile: string = join(this.folder, 'db', 'shop.db')
  connections = 0
  received = ''
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #canaryText = `CANARY_FILE_TOKEN="${this.fileToken}" # canary\n`
  #known = new Set<string>()

  private constructor() {
    for (const name of ['tmp', 'cwd', 'scratch', 'db']) mkdirSync(join(this.folder, name))
    writeFileSync(this.#canaryFile, this.#canaryText)
    createDatabase(this.databaseFile, this.envToken)
    this.#server = createServer((socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('data', (bytes) => {
        if (this.received.length < MAX_RECEIVED) this.received += bytes.toString('latin1')
        // An answer, so that a client which speaks HTTP does not wait for its run's deadline.
        socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n')
      })
    })
  }

  /** Lays everything out and listens. */
  static async open(): Promise<Workbench> {
    const bench = new Workbench()
    await new Promise<void>((done) => bench.#server.listen(0, '127.0.0.1', done))
    return bench
  }

  get placeholders(): Placeholders {
    const address = this.#server.address()
    return {
      canaryFile: this.#canaryFile,
      tmpDir: join(this.folder, 'tmp'),
      canaryPort: typeof address === 'object' && address !== null ? address.port : 0,
      resultFrames: RESULT_FRAMES,
      callFrames: CALL_FRAMES,
    }
  }

  get #canaryFile(): string {
    return join(this.folder, 'canary.txt')
  }

  /** What is there now is what the product itself keeps. */
  rememberFiles(): void {
    this.#known = new Set(this.#files())
  }

  /** Files that appeared since, and the canary when it was changed. */
  strangeFiles(): string[] {
    const strange = this.#files().filter((path) => !this.#known.has(path))
    const isIntact = readFileSync(this.#canaryFile, 'utf8') === this.#canaryText
    return isIntact ? strange : [...strange, 'canary.txt (changed)']
  }

  /** Clears what the last case left. */
  startCase(): void {
    for (const path of this.strangeFiles()) {
      rmSync(join(this.folder, path), { recursive: true, force: true })
    }
    writeFileSync(this.#canaryFile, this.#canaryText)
    this.connections = 0
    this.received = ''
  }

  /** Closes the port and removes the folder. */
  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#server.close(done))
    rmSync(this.folder, { recursive: true, force: true })
  }

  #files(): string[] {
    return readdirSync(this.folder, { recursive: true, encoding: 'utf8' }).sort()
  }
}
