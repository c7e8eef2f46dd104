import { closeSync, readdirSync, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { type LaunchedProcess, launch, type SpawnError } from './spawner-launch.ts'
import type { SpawnerReport, SpawnerRequest, SpawnPlan } from './spawner-message.ts'

// The program of the spawner process. It is small so that starting a process from it is fast,
// whatever the host's heap holds, and it never reads what the processes say to the host.

const FIRST_OWN_DESCRIPTOR = 4
const CLOSE_ON_EXEC = 0o2000000

const launched = new Map<number, LaunchedProcess>()
let isClosing = false

async function start(id: number, plan: SpawnPlan): Promise<void> {
  try {
    const child = await launch(plan)
    launched.set(id, child)
    stopReading(child.channel)
    void child.exited.then(() => launched.delete(id)).then(endIfDone)
    const { leader, channel } = child
    report({ type: 'channel', id, leader }, channel)
    await child.started
    report({ type: 'spawned', id, pid: child.pid, leader })
    const exit = await child.exited
    report({ type: 'exited', id, exit, lastWords: child.lastWords })
  } catch (error) {
    launched.get(id)?.kill()
    const { message, code = null, lastWords = '' } = error as Partial<SpawnError> & Error
    report({ type: 'failed', id, message, code, lastWords })
  }
}

/**
 * A new socket reads at once. Nothing has been read yet when this is called in the same turn of the
 * event loop, and nothing will be: every byte belongs to the host.
 */
function stopReading(channel: Socket): void {
  const { _handle: handle } = channel as unknown as { _handle: { readStop(): number } }
  handle.readStop()
}

function report(message: SpawnerReport, channel?: Socket): void {
  // A report that does not arrive has no reader any more.
  process.send?.(message, channel, { keepOpen: false }, () => undefined)
}

/**
 * Closes what the host let this process inherit unknowingly, so that nothing passes it on. Whatever
 * Node has opened itself is closed when another program starts.
 */
function closeInherited(): void {
  if (process.platform !== 'linux') return
  for (const name of readdirSync('/proc/self/fd')) {
    const descriptor = Number(name)
    if (descriptor < FIRST_OWN_DESCRIPTOR) continue
    try {
      const info = readFileSync(`/proc/self/fdinfo/${name}`, 'latin1')
      const flags = Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '', 8)
      if ((flags & CLOSE_ON_EXEC) === 0) closeSync(descriptor)
    } catch {
      // The one that listed the directory, which is closed already.
    }
  }
}

/** Ends this process, and everything that was started from it. */
function leave(): void {
  for (const child of launched.values()) child.abandon()
  process.exit()
}

function endIfDone(): void {
  if (isClosing && launched.size === 0) process.exit()
}

process.on('message', (request: SpawnerRequest) => {
  switch (request.type) {
    case 'spawn':
      void start(request.id, request.plan)
      break
    case 'kill':
      launched.get(request.id)?.kill()
      break
    case 'close':
      isClosing = true
      for (const child of launched.values()) child.kill()
      endIfDone()
      break
  }
})

// The host decides when this process ends, not a signal that was sent to all of the host's processes.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined)

// When a channel has to be sent twice because the host had no descriptor left for it, the host may
// confirm it twice, and Node 26.10 fails on the second. Nothing else has happened by then.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.code === 'ERR_INTERNAL_ASSERTION') return
  console.error(error)
  leave()
})

// Standard input ends with the host, however that dies. The message channel alone would not tell:
// Node emits no `disconnect` while a handle that was sent has not been confirmed.
process.stdin.on('close', leave).resume()
process.on('disconnect', leave)

closeInherited()
report({ type: 'ready' })
