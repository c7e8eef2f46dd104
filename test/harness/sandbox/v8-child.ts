import { BlockingChannel } from '../../../harness/sandbox/child/blocking-channel.ts'
import { ProgramRun } from '../../../harness/sandbox/child/program-run.ts'
import { V8Engine } from '../../../harness/sandbox/child/v8-engine.ts'
import type { HostMessage } from '../../../harness/sandbox/rpc-message.ts'

// The child's main without isolation: what the engine itself must hold.
const channel = new BlockingChannel(3)
const engine = await V8Engine.load()
if (!process.argv.includes('soft')) engine.harden()
channel.write('"ready"')

let run: ProgramRun | null = null
for (;;) {
  channel.flush()
  const message = JSON.parse(channel.read()) as HostMessage
  if (message.type === 'run') {
    run = new ProgramRun(channel, message, engine)
    await run.begin(engine, channel.read())
  } else if (message.type === 'answer') {
    run?.settle(message, channel.read())
  } else if (message.type === 'wake') run?.wake(message.atMs)
}
