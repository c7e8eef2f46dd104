import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import type { StoreSecrets } from '../../src/store/store-secrets.ts'

/** Which server is started. */
export interface ServerOptions {
  /** URL of the package's entry: of its sources, or of what was built. */
  readonly library: string
  /** Where its store is. */
  readonly store: string
  /** The file of the database in which its tools write down every call. */
  readonly witness: string
  readonly secrets: StoreSecrets
}

/** A server in a process of its own, to be killed. */
export class CrashServer {
  readonly #process: ChildProcess
  readonly #options: ServerOptions

  /** Starts it; it does not listen yet. */
  constructor(options: ServerOptions) {
    const { library, store, witness, secrets } = options
    this.#options = options
    const entry = join(import.meta.dirname, 'crash-server.ts')
    const keys = { AIRLOCK_AUDIT_KEY: secrets.signingKey, AIRLOCK_MASTER_KEY: secrets.masterKey }
    this.#process = spawn(process.execPath, ['--no-warnings', entry, library, store, witness], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...keys },
    })
  }

  /** Resolves with its address once it answers. */
  async listening(): Promise<string> {
    let output = ''
    for await (const chunk of this.#process.stdout ?? []) {
      output += String(chunk)
      const url = /^listening (\S+)$/m.exec(output)?.[1]
      if (url !== undefined) return url
    }
    throw new Error(`The server at ${this.#options.library} ended before it listened: ${output}`)
  }

  /** Ends it with SIGKILL. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}

/** Secrets that a store keeps from one process to the next. */
export function newSecrets(): StoreSecrets {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    signingKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    masterKey: randomBytes(32).toString('base64'),
  }
}
