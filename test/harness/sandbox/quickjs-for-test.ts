import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RealmHost } from '../../../harness/sandbox/child/engine.ts'
import { QuickJsEngine } from '../../../harness/sandbox/child/quickjs-engine.ts'
import type { QuickJsRealm } from '../../../harness/sandbox/child/quickjs-realm.ts'

const MIB = 1024 * 1024
const SETTINGS = JSON.stringify({
  tools: ['echo'],
  maxOutputBytes: MIB,
  maxConsoleBytes: MIB,
  maxToolArgumentBytes: 16 * MIB,
})

/** A warm engine of its own. */
export function loadEngine(): Promise<QuickJsEngine> {
  const root = dirname(fileURLToPath(import.meta.resolve('quickjs-wasi/package.json')))
  const read = (...path: string[]) => new Uint8Array(readFileSync(join(root, ...path)))
  return QuickJsEngine.load({
    engine: read('quickjs.wasm'),
    encoding: read('extensions', 'encoding', 'encoding.so'),
  })
}

/** What a program did that its host could see. */
export interface HeardHost extends RealmHost {
  /** Tool calls without an answer, as JSON arguments. */
  readonly calls: string[]
  readonly lines: string[]
  /** How the program ended: the operation and its text. */
  ending: readonly [operation: string, text: string] | null
}

/** A host that listens. */
export function listeningHost(overrides: Partial<RealmHost> = {}): HeardHost {
  const host: HeardHost = {
    memoryBytes: 64 * MIB,
    wallClockMs: () => 1_700_000_000_123,
    elapsedMs: () => 0,
    onTick: () => undefined,
    calls: [],
    lines: [],
    ending: null,
    call: (operation, text) => {
      if (operation === 'random.words') return '[1,2,3]'
      if (operation === 'tool.call:echo') host.calls.push(text)
      if (operation.startsWith('console.')) host.lines.push(text)
      if (operation.startsWith('end.')) host.ending ??= [operation, text]
      return ''
    },
    ...overrides,
  }
  return host
}

/**
 * Starts the body of an async function in a fresh realm and lets it run until it has to wait. If that
 * throws, the realm is gone.
 */
export async function startBody(
  engine: QuickJsEngine,
  host: RealmHost,
  body: string,
): Promise<QuickJsRealm> {
  const realm = await engine.createRealm(host)
  try {
    realm.start('{}', SETTINGS)
    realm.begin(`(async () => {${body}\n})`, 'program.js')
    realm.drain()
    return realm
  } catch (error) {
    realm.dispose()
    throw error
  }
}

/** Runs a body that never waits, and lets its realm go. @returns How it ended. */
export async function runToEnd(
  engine: QuickJsEngine,
  body: string,
  overrides: Partial<RealmHost> = {},
): Promise<HeardHost['ending']> {
  const host = listeningHost(overrides)
  const realm = await startBody(engine, host, body)
  realm.dispose()
  return host.ending
}
