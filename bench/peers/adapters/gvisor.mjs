import { nodeGuest, runInChild } from '../lib/stdio.mjs'
export default {
  name: 'gVisor (runsc do) + node',
  isolation: 'kernel',
  note: 'user-space kernel, no network; `do` shows the host root read-only under an overlay',
  run: (code, o) =>
    runInChild(
      'runsc',
      [
        '--rootless',
        '--network=none',
        'do',
        process.execPath,
        `--max-old-space-size=${o.memoryMb}`,
        nodeGuest,
      ],
      code,
      { ...o, env: { PATH: process.env.PATH } },
    ),
}
