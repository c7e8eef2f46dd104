import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { installSeal } from '../isolation/self-seal.ts'
import type { BootMessage, RunMessage, SelfTest } from '../rpc-message.ts'
import { BlockingChannel, ChannelClosed } from './blocking-channel.ts'
import { ProgramRun } from './program-run.ts'
import { type EngineModule, QuickJsEngine } from './quickjs-engine.ts'

const CHANNEL_DESCRIPTOR = 3

/** The program that runs inside every sandbox process: loads, warms up, seals, proves it, serves. */
async function main(): Promise<void> {
  const channel = new BlockingChannel(CHANNEL_DESCRIPTOR)
  const boot = JSON.parse(channel.read()) as BootMessage
  const engine = await QuickJsEngine.load((await import(boot.engine.module)) as EngineModule, {
    engine: readFileSync(boot.engine.wasm),
    encoding: readFileSync(boot.engine.encoding),
  })
  await warmUp(engine)
  const sealed = boot.seal === null ? null : await installSeal(boot.seal)
  dropPermissions()
  const selfTest = sealed ?? testFromJavaScript(boot.knownFile)
  channel.write(JSON.stringify({ type: 'ready', selfTest, isSealed: sealed !== null }))
  const run = JSON.parse(channel.read()) as RunMessage
  await new ProgramRun(channel, run).execute(engine, channel.read())
}

const WARM_UP_ANSWERS: Readonly<Record<string, string>> = {
  'random.words': '[1,2,3]',
  'intl.locale': '{"value":"1.5"}',
}

/** The first use of everything costs most: it is paid before the process is offered to a program. */
async function warmUp(engine: QuickJsEngine): Promise<void> {
  const realm = await engine.createRealm({
    memoryBytes: 64 * 1024 * 1024,
    wallClockMs: () => 0,
    elapsedMs: () => 0,
    onTick: () => undefined,
    call: (operation) => WARM_UP_ANSWERS[operation] ?? '',
  })
  const settings = { tools: ['t'], maxOutputBytes: 1e6, maxConsoleBytes: 1e6, maxMessageBytes: 1e6 }
  realm.start('{"rows":[1,2,3]}', JSON.stringify(settings))
  realm.begin(
    `(async () => { console.log(data, new Date()); const x = tools.t({ a: 1 });
    return [data.rows.map((row) => ({ row })).filter(Boolean), (1.5).toLocaleString()] })`,
    'warm-up.js',
  )
  realm.drain()
}

/** Where Node can give permissions up, even the files needed at start cannot be read any more. */
function dropPermissions(): void {
  const { permission } = process as unknown as { permission?: { drop?(scope: string): void } }
  for (const scope of ['fs.read', 'ffi']) {
    try {
      permission?.drop?.(scope)
    } catch {
      // This Node does not know the scope, so it has nothing to drop either.
    }
  }
}

function testFromJavaScript(knownFile: string): SelfTest {
  return {
    file: attempt(() => readFileSync(knownFile)),
    network: attempt(() => {
      const server = createServer().on('error', () => undefined)
      server.listen(0)
      const isOpen = server.listening
      server.close()
      if (!isOpen) throw Object.assign(new Error('Not listening'), { code: 'EPERM' })
    }),
    process: attempt(() => {
      const { error } = process
        .getBuiltinModule('node:child_process')
        .spawnSync(process.execPath, ['-v'])
      if (error !== undefined) throw error
    }),
  }
}

function attempt(action: () => unknown): string {
  try {
    action()
    return 'allowed'
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code ?? 'refused')
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (!(error instanceof ChannelClosed)) console.error(error)
    process.exit(error instanceof ChannelClosed ? 0 : 70)
  },
)
