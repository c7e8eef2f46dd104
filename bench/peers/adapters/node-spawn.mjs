import { nodeGuest, nodeGuestSource, runInChild } from '../lib/stdio.mjs'
export default [
  {
    name: 'node -e spawn (naive)',
    isolation: 'process',
    run: (code, o) =>
      runInChild(process.execPath, ['-e', nodeGuestSource], code, { ...o, env: process.env }),
  },
  {
    name: 'node --permission spawn',
    isolation: 'process',
    run: (code, o) =>
      runInChild(
        process.execPath,
        [
          '--permission',
          `--allow-fs-read=${nodeGuest}`,
          `--max-old-space-size=${o.memoryMb}`,
          nodeGuest,
        ],
        code,
        o,
      ),
  },
]
