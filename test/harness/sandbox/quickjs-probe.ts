import { setTimeout } from 'node:timers/promises'
import { GuestException } from '../../../harness/sandbox/child/engine.ts'
import { listeningHost, loadEngine, runToEnd, startBody } from './quickjs-for-test.ts'
import { DEEP_BODIES, DEEP_TEXTS } from './quickjs-recursion.ts'

// Runs in a process of its own, with the flags of a sandbox process; answers with one line of JSON.

type Engine = Awaited<ReturnType<typeof loadEngine>>

async function howTextEnds(engine: Engine, text: string): Promise<string> {
  const realm = await startBody(engine, listeningHost(), '')
  try {
    realm.begin(text, 'program.js')
    return 'ran'
  } catch (error) {
    if (error instanceof GuestException) return error.name
    throw error
  } finally {
    realm.dispose()
  }
}

/** How each recursion ends. Twice: the second time more of the engine is compiled for speed. */
async function recursion(engine: Engine): Promise<Record<string, string>> {
  const endings: Record<string, string> = {}
  for (const round of ['first', 'second']) {
    for (const [name, body] of Object.entries(DEEP_BODIES)) {
      const caught = `try { ${body} } catch (error) { return error.name } return 'ran'`
      endings[`${name}, ${round}`] = JSON.stringify(await runToEnd(engine, caught))
    }
    for (const [name, text] of Object.entries(DEEP_TEXTS)) {
      endings[`text of ${name}, ${round}`] = await howTextEnds(engine, text)
    }
  }
  return endings
}

const LIVES = [
  'return 1 + 1',
  'globalThis.kept = Array.from({ length: 1e4 }, (_, i) => ({ i })); return kept.length',
  'await tools.echo({}); return 1',
  'for (;;);',
]

/** Resident memory after some realms and after many: ended, waiting, and left in the middle of a loop. */
async function lives(engine: Engine): Promise<{ someKb: number; manyKb: number }> {
  const liveOnce = async (body: string): Promise<void> => {
    let ticks = 0
    const onTick = () => {
      if (++ticks > 10) throw new Error('Left')
    }
    const realm = engine.createRealm(listeningHost({ onTick }))
    await engine.prepare()
    await realm.then((each) => {
      each.start(
        '{}',
        '{"tools":["echo"],"maxOutputBytes":9,"maxConsoleBytes":9,"maxToolArgumentBytes":9}',
      )
      try {
        each.begin(`(async () => {${body}})`, 'program.js')
        each.drain()
      } catch {
        // The loop is left at its tenth tick.
      }
      each.dispose()
    })
  }
  const residentKbAfter = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) await liveOnce(LIVES[i % LIVES.length] ?? '')
    globalThis.gc?.()
    // Memory of the engine is handed back in the background.
    await setTimeout(100)
    return process.memoryUsage.rss() / 1024
  }
  return { someKb: await residentKbAfter(800), manyKb: await residentKbAfter(2_400) }
}

const engine = await loadEngine()
const result = process.argv[2] === 'recursion' ? await recursion(engine) : await lives(engine)
process.stdout.write(JSON.stringify(result))
