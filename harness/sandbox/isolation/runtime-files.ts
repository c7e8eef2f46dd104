import { execFile } from 'node:child_process'
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The user that sandbox processes run as when the host runs as root: nobody. */
export const UNPRIVILEGED_ID = 65_534

/** Every file a sandbox process needs, with absolute paths that it can read. */
export interface RuntimeFiles {
  readonly node: string
  /** Shared objects of the Node binary: the path it asks for, and where the file really is. */
  readonly libraries: readonly { readonly path: string; readonly file: string }[]
  /** The program that runs in the child. */
  readonly entry: string
  /** Directories and files with code: what the child may read while it starts. */
  readonly code: readonly string[]
  readonly engine: { readonly module: string; readonly wasm: string; readonly encoding: string }
  /** Removes what was staged. */
  remove(): void
}

const ENDING = extname(import.meta.filename)

/**
 * Finds the files of the sandbox process. When the host is root and drops to another user who cannot
 * reach them (a checkout below `/root`), they are copied to a private temporary directory first.
 */
export async function locateRuntimeFiles(dropUser: boolean): Promise<RuntimeFiles> {
  const sandbox = dirname(import.meta.dirname)
  const engine = dirname(dirname(realpathSync(fileURLToPath(import.meta.resolve('quickjs-wasi')))))
  const own = [
    join(sandbox, 'child'),
    join(sandbox, 'isolation', `self-seal${ENDING}`),
    join(sandbox, 'isolation', `syscall-numbers${ENDING}`),
    packageManifest(sandbox),
  ]
  const node = realpathSync(process.execPath)
  const engineFiles = ['package.json', 'quickjs.wasm', 'dist', join('extensions', 'encoding')]
  const paths = [node, ...own, ...engineFiles.map((name) => join(engine, name))]
  const isReadable = !dropUser || paths.every(isReadableByOthers)
  const stage = isReadable ? null : stageFiles(paths)
  const place = (path: string): string => (stage === null ? path : join(stage, path))
  return {
    node: place(node),
    libraries: await sharedObjects(node),
    entry: place(join(sandbox, 'child', `sandbox-child${ENDING}`)),
    code: paths.slice(1).map(place),
    engine: {
      module: new URL(`file://${place(join(engine, 'dist', 'index.js'))}`).href,
      wasm: place(join(engine, 'quickjs.wasm')),
      encoding: place(join(engine, 'extensions', 'encoding', 'encoding.so')),
    },
    remove: () => {
      if (stage !== null) rmSync(stage, { recursive: true, force: true })
    },
  }
}

/** The nearest package.json: it says that the child's files are modules. */
function packageManifest(from: string): string {
  for (let directory = from; ; directory = dirname(directory)) {
    const manifest = join(directory, 'package.json')
    if (existsSync(manifest)) return manifest
    if (directory === dirname(directory)) throw new Error('The package has no package.json')
  }
}

/** Whether a user without any relation to a file can read it, and a directory with all it holds. */
function isReadableByOthers(path: string): boolean {
  let parent = dirname(path)
  for (; parent !== dirname(parent); parent = dirname(parent)) {
    if ((statSync(parent).mode & 0o001) === 0) return false
  }
  const info = statSync(path)
  if (!info.isDirectory()) return (info.mode & 0o004) !== 0
  if ((info.mode & 0o005) !== 0o005) return false
  return readdirSync(path).every((name) => {
    const child = statSync(join(path, name))
    return child.isDirectory() ? isReadableByOthers(join(path, name)) : (child.mode & 0o004) !== 0
  })
}

function stageFiles(paths: readonly string[]): string {
  const stage = mkdtempSync(join(realpathSync(tmpdir()), 'airlock-'))
  chmodSync(stage, 0o755)
  for (const path of paths) copyTree(path, join(stage, path))
  return stage
}

function copyTree(from: string, to: string): void {
  const info = statSync(from)
  if (info.isDirectory()) {
    mkdirSync(to, { recursive: true, mode: 0o755 })
    for (const name of readdirSync(from)) copyTree(join(from, name), join(to, name))
    return
  }
  mkdirSync(dirname(to), { recursive: true, mode: 0o755 })
  copyFileSync(from, to, constants.COPYFILE_FICLONE)
  chmodSync(to, (info.mode & 0o111) === 0 ? 0o644 : 0o755)
}

/** Asks the Node binary itself which shared objects it maps. */
async function sharedObjects(node: string): Promise<RuntimeFiles['libraries']> {
  if (process.platform !== 'linux') return []
  const script = 'process.stdout.write(JSON.stringify(process.report.getReport().sharedObjects))'
  const { stdout } = await promisify(execFile)(node, ['-e', script], { env: {}, timeout: 10_000 })
  const paths = JSON.parse(stdout) as string[]
  return [...new Set(paths)]
    .filter((path) => path.startsWith(sep) && path !== node)
    .map((path) => ({ path, file: realpathSync(path) }))
}
