import type { Script } from 'node:vm'
import type { RunMessage } from '../rpc-message.ts'
import { BlockingChannel } from './blocking-channel.ts'
import type { Engine, RealmHost } from './engine.ts'
import { ProgramRun } from './program-run.ts'
import { hardenMainRealm } from './v8-main-realm.ts'
import { V8Realm } from './v8-realm.ts'

const NO_DESCRIPTOR = -1

/**
 * The V8 of this very process, for one program: fast, but its only walls are those around the process.
 * The realm of the program is built ahead of time, and the realm of the runner is hardened before.
 */
export class V8Engine implements Engine {
  readonly name = 'v8'
  readonly isReusable = false
  readonly #install: Script
  #realm: V8Realm | null = null
  #isHardened = false
  #isUsed = false

  private constructor(install: Script) {
    this.#install = install
  }

  /**
   * Builds the realm and warms the engine up.
   *
   * @throws {Error} If the process does not run in English and in universal time, as programs expect.
   */
  static async load(): Promise<V8Engine> {
    if (!isNeutral()) throw new Error('The V8 engine needs a process in en-US and UTC')
    const engine = new V8Engine(V8Realm.compile())
    await engine.#warmUp()
    await engine.prepare()
    return engine
  }

  async prepare(): Promise<void> {
    if (!this.#isUsed) this.#realm ??= new V8Realm(this.#install, false)
  }

  /**
   * Hardens the runner's own realm. To be called when the process has loaded, sealed and tested all it
   * will, right before it is ready; otherwise the program pays for it.
   */
  harden(): void {
    if (this.#isHardened || this.#realm === null) return
    this.#isHardened = true
    hardenMainRealm(this.#realm.stackText)
  }

  /** @throws {Error} If this process has served a program before. */
  async createRealm(host: RealmHost): Promise<V8Realm> {
    const realm = this.#realm
    if (realm === null) throw new Error('A process with this engine serves one program')
    this.harden()
    this.#realm = null
    this.#isUsed = true
    realm.bind(host)
    return realm
  }

  /**
   * Runs a program that uses what most programs use, in a realm that is never seen again: the first
   * use of everything costs most, in the runner as well, and is paid before there is a program.
   */
  async #warmUp(): Promise<void> {
    const rehearsal: Engine = {
      name: this.name,
      isReusable: true,
      prepare: async () => undefined,
      createRealm: async (host) => {
        const realm = new V8Realm(this.#install, true)
        realm.bind(host)
        return realm
      },
    }
    // Nothing is sent before it is flushed, and nobody flushes here.
    const run = new ProgramRun(new BlockingChannel(NO_DESCRIPTOR), WARM_UP, rehearsal)
    await run.begin(rehearsal, '{"rows":[1,2,3]}')
    run.settle({ seq: 0, isValue: true, atMs: 0 }, '{"a":1}')
    if (!run.isOver) throw new Error('The V8 engine does not run programs')
  }
}

/** Whether formatters without a locale and dates without a zone are the same here as everywhere. */
function isNeutral(): boolean {
  const { env, platform } = process
  const isNamed = [env['LC_ALL'], env['LC_MESSAGES'], env['LANG']].some(
    (name) => (name ?? '') !== '',
  )
  if (env['TZ'] === 'UTC' && !isNamed && platform !== 'win32') return true
  // The true answer, but to load the locale data takes longer than all else here: 10 ms of CPU time.
  const { locale, timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  return locale === 'en-US' && timeZone === 'UTC'
}

const WARM_UP: RunMessage = {
  type: 'run',
  run: 0,
  code: `(async () => {
    console.log(data, new Date())
    const answer = await tools.t({ a: 1 })
    return data.rows.map((row) => ({ row, answer })).filter(Boolean)
  })`,
  tools: ['t'],
  limits: {
    timeoutMs: 1_000,
    cpuMs: 1_000,
    memoryMb: 64,
    maxOutputBytes: 10_000,
    maxConsoleBytes: 10_000,
    maxToolCalls: 1,
    maxToolCallsInFlight: 1,
    maxProgramBytes: 10_000,
    maxToolArgumentBytes: 10_000,
    maxMessageBytes: 10_000,
  },
  startTimeMs: 0,
  seed: '00'.repeat(32),
}
