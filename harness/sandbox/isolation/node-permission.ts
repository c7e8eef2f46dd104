import { HOST_STACK_KB } from '../child/engine-stack.ts'
import type { RuntimeFiles } from './runtime-files.ts'

// Frames and strings of the channel live in this heap; the program's own memory does not.
const HEAP_MB = 192

/**
 * The Node flags of a sandbox process: the permission model with nothing but read access to the code
 * it starts from, no addons, no code from strings, no debugger, a small heap.
 *
 * @param canSeal - The process seals itself and needs foreign functions until it has done so.
 */
export function nodeFlags(files: RuntimeFiles, canSeal: boolean): string[] {
  const flags = [
    '--permission',
    ...files.code.map((path) => `--allow-fs-read=${path}`),
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    '--no-addons',
    '--disable-sigusr1',
    '--no-warnings',
    '--no-experimental-global-navigator',
    `--stack-size=${HOST_STACK_KB}`,
    `--max-old-space-size=${HEAP_MB}`,
  ]
  if (canSeal) flags.push('--allow-ffi')
  else if (process.allowedNodeEnvironmentFlags.has('--experimental-ffi'))
    flags.push('--no-experimental-ffi')
  return flags
}

/** Whether this Node has foreign functions, with which a process can seal itself. */
export function canSelfSeal(): boolean {
  return (
    process.platform === 'linux' &&
    (process.arch === 'x64' || process.arch === 'arm64') &&
    Number(process.versions.node.split('.', 1)[0]) >= 26
  )
}
