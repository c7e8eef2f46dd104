import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { guestFile, runInChild } from '../lib/stdio.mjs'

const require = createRequire(import.meta.url)
const binary = () => {
  // the package's own launcher is a Node script; go straight to the executable
  const root = path.dirname(require.resolve('deno/package.json'))
  for (const arch of ['x64', 'arm64'])
    for (const libc of ['glibc', 'musl']) {
      const f = path.join(root, '..', '@deno', `linux-${arch}-${libc}`, 'deno')
      if (existsSync(f)) return f
    }
  return path.join(root, 'deno')
}
export default {
  name: 'deno run --no-prompt',
  isolation: 'process',
  note: 'permission checks inside the process',
  async setup() {
    this.bin = binary()
  },
  run(code, o) {
    return runInChild(
      this.bin,
      [
        'run',
        '--no-prompt',
        '--no-config',
        '--no-remote',
        '--no-npm',
        '--no-lock',
        '--quiet',
        `--v8-flags=--max-old-space-size=${o.memoryMb}`,
        guestFile('guest-deno.js'),
      ],
      code,
      {
        ...o,
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          BENCH_SECRET: process.env.BENCH_SECRET ?? '',
          DENO_NO_UPDATE_CHECK: '1',
        },
      },
    )
  },
}
