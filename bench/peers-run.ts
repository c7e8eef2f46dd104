import { spawn } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from './built.ts'

/** The peers that are measured when nothing else is asked for: the best of each kind. */
export const DEFAULT_PEERS: readonly string[] = [
  'direct (no sandbox)',
  'isolated-vm fresh isolate',
  'quickjs-emscripten new wasm',
  'quickjs-wasi new wasm',
  'deno run',
  'node --permission spawn',
  'bwrap + node',
]

const folder = join(import.meta.dirname, 'peers')

/** The table of the peers' bench and the figures it was made of. */
export interface PeersResult {
  readonly table: string
  readonly results: unknown
}

/** Which peers to measure. */
export interface PeersOptions {
  /** Parts of names; `null` for every peer there is. */
  readonly names: readonly string[] | null
  readonly isQuick: boolean
  /** Where the figures are written. */
  readonly resultsFolder: string
}

/** Measures both our engines and the chosen peers with the same bench, one after the other. */
export async function runPeers(options: PeersOptions): Promise<PeersResult> {
  const { names, isQuick, resultsFolder } = options
  await installPeers(names === null)
  const out = join(resultsFolder, 'peers')
  // The table is of one run: figures of an earlier one would stand beside those of this one.
  rmSync(out, { recursive: true, force: true })
  const args = [join(folder, 'run.mjs'), '--also', join(folder, 'airlock.mjs'), '--out', out]
  if (names !== null) args.push('--only', [...names, 'airlock'].join(','))
  if (isQuick) args.push('--quick')
  const table = await runNode(args)
  return { table, results: JSON.parse(readFileSync(join(out, 'all.json'), 'utf8')) }
}

/** Without the network the peers that are there are measured, and ours. */
async function installPeers(isEverything: boolean): Promise<void> {
  if (missingPackages(isEverything).length === 0) return
  const { runNpm } = (await import(
    pathToFileURL(join(root, 'scripts/setup/npm.mjs')).href
  )) as RunNpmModule
  const some = isEverything ? [] : ['--omit=dev']
  console.error(`bench: installing the peers${isEverything ? ', 1.9 GB' : ''}`)
  // `npm ci` refuses a lock without the packages for other platforms, which not every registry has.
  const { ok, hint } = await runNpm(['install', '--no-save', ...some], folder)
  const missing = missingPackages(isEverything)
  if (ok && missing.length === 0) return
  const why = hint ?? 'npm could not install them; its message is above'
  console.error(`bench: peers are missing and show as not installed: ${missing.join(', ')}. ${why}`)
}

interface RunNpmModule {
  runNpm(args: readonly string[], cwd: string): Promise<{ ok: boolean; hint: string | null }>
}

interface Manifest {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function missingPackages(isEverything: boolean): string[] {
  const { dependencies = {}, devDependencies = {} } = readManifest('.')
  const wanted = { ...dependencies, ...(isEverything && devDependencies) }
  return Object.entries(wanted)
    .filter(([name, version]) => readManifest(join('node_modules', name)).version !== version)
    .map(([name]) => name)
}

function readManifest(path: string): Manifest {
  try {
    return JSON.parse(readFileSync(join(folder, path, 'package.json'), 'utf8'))
  } catch {
    return {} // Missing and half-written mean the same.
  }
}

/** What a script prints; its progress is shown as it comes. */
function runNode(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  child.on('error', reject)
  child.on('close', (code) => {
    if (code === 0) resolve(text.trim())
    else reject(new Error(`The bench of the peers ended with code ${code}`))
  })
  return promise
}
