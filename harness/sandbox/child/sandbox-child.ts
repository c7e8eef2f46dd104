import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { installSeal } from '../isolation/self-seal.ts'
import type { BootMessage, EngineFiles, HostMessage, SelfTest } from '../rpc-message.ts'
import { BlockingChannel, ChannelClosed } from './blocking-channel.ts'
import type { Engine } from './engine.ts'
import { ProgramRun } from './program-run.ts'
import { QuickJsEngine } from './quickjs-engine.ts'

const CHANNEL_DESCRIPTOR = 3

/** The program that runs inside every sandbox process: loads, warms up, seals, proves it, serves. */
async function main(): Promise<never> {
  const channel = new BlockingChannel(CHANNEL_DESCRIPTOR)
  const boot = JSON.parse(channel.read()) as BootMessage
  const engine = await loadEngine(boot.engine)
  const sealed = boot.seal === null ? null : await installSeal(boot.seal)
  dropPermissions()
  const selfTest = sealed ?? testFromJavaScript(boot.knownFile)
  engine.harden?.()
  channel.write(JSON.stringify({ type: 'ready', selfTest, isSealed: sealed !== null }))
  return serve(channel, engine)
}

async function loadEngine(files: EngineFiles): Promise<Engine> {
  if (files.name === 'v8') {
    const { V8Engine } = await import('./v8-engine.ts')
    return V8Engine.load()
  }
  const engine = await QuickJsEngine.load({
    engine: readFileSync(files.wasm),
    encoding: readFileSync(files.encoding),
  })
  await warmUp(engine)
  await engine.prepare()
  return engine
}

/** Works off one message after the other, each in the turn of the program that it names. */
async function serve(channel: BlockingChannel, engine: Engine): Promise<never> {
  const runs = new Map<number, ProgramRun>()
  for (;;) {
    channel.flush()
    const message = JSON.parse(channel.read()) as HostMessage
    switch (message.type) {
      case 'run': {
        const run = new ProgramRun(channel, message, engine)
        runs.set(message.run, run)
        await run.begin(engine, channel.read())
        break
      }
      case 'answer': {
        const answer = channel.read()
        runs.get(message.run)?.settle(message, answer)
        break
      }
      case 'wake':
        runs.get(message.run)?.wake(message.atMs)
        break
      case 'drop':
        runs.get(message.run)?.dispose()
    }
    // What is still on its way to a program that has ended finds nobody.
    if (message.type === 'boot' || runs.get(message.run)?.isOver !== true) continue
    runs.delete(message.run)
    channel.flush()
    await engine.prepare()
  }
}

const WARM_UP_ANSWERS: Readonly<Record<string, string>> = {
  'random.words': '[1,2,3]',
  'intl.locale': '{"value":"1.5"}',
}

/** The first use of everything costs most: it is paid before the process is offered to a program. */
async function warmUp(engine: Engine): Promise<void> {
  const realm = await engine.createRealm({
    memoryBytes: 64 * 1024 * 1024,
    wallClockMs: () => 0,
    elapsedMs: () => 0,
    onTick: () => undefined,
    call: (operation) => WARM_UP_ANSWERS[operation] ?? '',
  })
  const settings = {
    tools: ['t'],
    maxOutputBytes: 1e6,
    maxConsoleBytes: 1e6,
    maxToolArgumentBytes: 1e6,
  }
  realm.start('{"rows":[1,2,3]}', JSON.stringify(settings))
  realm.begin(
    `(async () => { console.log(data, new Date()); const x = tools.t({ a: 1 });
    return [data.rows.map((row) => ({ row })).filter(Boolean), (1.5).toLocaleString()] })`,
    'warm-up.js',
  )
  realm.drain()
  realm.dispose()
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

main().catch((error: unknown) => {
  if (!(error instanceof ChannelClosed)) console.error(error)
  process.exit(error instanceof ChannelClosed ? 0 : 70)
})
