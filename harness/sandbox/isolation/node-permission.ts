import { HOST_STACK_KB } from '../child/engine-stack.ts'
import type { RuntimeFiles } from './runtime-files.ts'

// What only one engine needs. A program in V8 runs in the heap and on the stack of Node itself.
const ENGINE_FLAGS: Readonly<Record<RuntimeFiles['engine']['name'], readonly string[]>> = {
  // The engine collects what ended programs have left behind; guests in WebAssembly cannot reach `gc`.
  quickjs: [
    `--stack-size=${HOST_STACK_KB}`,
    '--expose-gc',
    '--single-threaded-gc',
    '--disable-proto=delete',
  ],
  // The realm of the runner loses `__proto__` later; that of the program keeps it.
  v8: ['--no-validate-asm'],
}

/**
 * The Node flags of a sandbox process: the permission model with nothing but read access to the code
 * it starts from, no addons, no code from strings, no debugger, a small heap, and what its engine needs.
 *
 * @param canSeal - The process seals itself and needs foreign functions until it has done so.
 */
export function nodeFlags(files: RuntimeFiles, canSeal: boolean): string[] {
  const flags = [
    '--permission',
    ...files.code.map((path) => `--allow-fs-read=${path}`),
    '--disallow-code-generation-from-strings',
    '--no-addons',
    '--disable-sigusr1',
    '--no-warnings',
    '--no-experimental-global-navigator',
    `--max-old-space-size=${files.heapMb}`,
    ...ENGINE_FLAGS[files.engine.name],
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
