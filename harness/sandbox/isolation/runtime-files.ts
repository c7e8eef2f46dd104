import { execFile } from 'node:child_process'
import { existsSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs'
import { dirname, extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { EngineFiles } from '../rpc-message.ts'
import { copyInto, isOpenToOthers, makeStage, removeStaleStages } from './stage.ts'

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
  readonly engine: EngineFiles
  /** The most that Node's own heap may take, in MiB. With QuickJS no program's memory lies in it. */
  readonly heapMb: number
  /**
   * A directory that holds these files alone, for use as a root; in place of Node is an empty file, to
   * be covered with the real one. Built when it is first asked for.
   *
   * @throws {Error} If there is no room for it.
   */
  minimalRoot(): string
  /** Removes what was staged. */
  remove(): void
}

const ENDING = extname(import.meta.filename)

// QuickJS: frames and strings of the channel. V8: the program's memory as well.
const HEAP_MB: Readonly<Record<EngineFiles['name'], number>> = { quickjs: 192, v8: 256 }

/**
 * Finds the files of the sandbox process. When the host is root and drops to another user who cannot
 * reach them (a checkout below `/root`), they are copied to a private temporary directory first.
 *
 * @param dropUser - The process runs as another user than this one.
 * @param engine - What it runs programs with. V8 needs no files beside Node and the child's code.
 * @param heapMb - See {@link RuntimeFiles.heapMb}. Default 192 for QuickJS, 256 for V8.
 */
export async function locateRuntimeFiles(
  dropUser: boolean,
  engine: EngineFiles['name'],
  heapMb: number = HEAP_MB[engine],
): Promise<RuntimeFiles> {
  const sandbox = dirname(import.meta.dirname)
  const own = [
    join(sandbox, 'child'),
    join(sandbox, 'isolation', `self-seal${ENDING}`),
    join(sandbox, 'isolation', `syscall-numbers${ENDING}`),
    packageManifest(sandbox),
  ]
  const node = realpathSync(process.execPath)
  const quickJs = engine === 'quickjs' ? quickJsPackage() : null
  const paths = [node, ...own, ...(quickJs?.paths ?? [])]
  removeStaleStages()
  const isReadable = !dropUser || paths.every(isReadableByOthers)
  const stage = isReadable ? null : makeStage(true)
  const inPlace = (path: string): [string, string] => [path, path]
  if (stage !== null) copyInto(stage, paths.map(inPlace))
  const place = (path: string): string => (stage === null ? path : join(stage, path))
  const libraries = await sharedObjects(node)
  let root: string | null = null
  return {
    node: place(node),
    libraries,
    entry: place(join(sandbox, 'child', `sandbox-child${ENDING}`)),
    code: paths.slice(1).map(place),
    engine: quickJs === null ? { name: 'v8' } : quickJs.files(place),
    heapMb,
    minimalRoot: () => {
      if (root === null) {
        root = makeStage(dropUser)
        copyInto(root, [
          ...paths.slice(1).map((path) => [place(path), place(path)] as const),
          ...libraries.map(({ path, file }) => [path, file] as const),
          // Copied it would take 150 MB.
          [place(node), null],
        ])
      }
      return root
    },
    remove: () => {
      for (const folder of [stage, root])
        if (folder !== null) rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The parts of the QuickJS package that a child reads, and how it names them once they are placed. */
function quickJsPackage(): {
  paths: string[]
  files(place: (path: string) => string): EngineFiles
} {
  const root = dirname(dirname(realpathSync(fileURLToPath(import.meta.resolve('quickjs-wasi')))))
  const names = ['quickjs.wasm', join('extensions', 'encoding')]
  return {
    paths: names.map((name) => join(root, name)),
    files: (place) => ({
      name: 'quickjs',
      wasm: place(join(root, 'quickjs.wasm')),
      encoding: place(join(root, 'extensions', 'encoding', 'encoding.so')),
    }),
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
  if (!isOpenToOthers(dirname(path))) return false
  const info = statSync(path)
  if (!info.isDirectory()) return (info.mode & 0o004) !== 0
  if ((info.mode & 0o005) !== 0o005) return false
  return readdirSync(path).every((name) => {
    const child = statSync(join(path, name))
    return child.isDirectory() ? isReadableByOthers(join(path, name)) : (child.mode & 0o004) !== 0
  })
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
