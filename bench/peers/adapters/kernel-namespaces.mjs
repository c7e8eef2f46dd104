import { existsSync } from 'node:fs'
import { nodeGuest, nodeGuestSource, runInChild } from '../lib/stdio.mjs'

const heap = (o) => `--max-old-space-size=${o.memoryMb}`
const links = ['bin', 'sbin', 'lib', 'lib32', 'lib64']
  .filter((d) => existsSync(`/${d}`))
  .flatMap((d) => ['--symlink', `usr/${d}`, `/${d}`])
export default [
  {
    name: 'bwrap + node',
    isolation: 'kernel',
    note: 'all namespaces, only /usr and node visible',
    run: (code, o) =>
      runInChild(
        'bwrap',
        [
          '--unshare-all',
          '--die-with-parent',
          '--new-session',
          '--clearenv',
          '--ro-bind',
          '/usr',
          '/usr',
          ...links,
          '--ro-bind',
          process.execPath,
          '/app/node',
          '--ro-bind',
          nodeGuest,
          '/app/guest.cjs',
          '--proc',
          '/proc',
          '--dev',
          '/dev',
          '--tmpfs',
          '/tmp',
          '/app/node',
          heap(o),
          '/app/guest.cjs',
        ],
        code,
        { ...o, env: { PATH: process.env.PATH } },
      ),
  },
  {
    name: 'unshare(1) + node',
    isolation: 'kernel',
    note: 'user, net, pid, ipc, uts and mount namespaces; the file system stays visible',
    run: (code, o) =>
      runInChild(
        'unshare',
        [
          '-r',
          '-n',
          '-m',
          '-p',
          '-i',
          '-u',
          '--fork',
          '--kill-child',
          '--mount-proc',
          process.execPath,
          heap(o),
          '-e',
          nodeGuestSource,
        ],
        code,
        { ...o, env: { PATH: process.env.PATH } },
      ),
  },
]
