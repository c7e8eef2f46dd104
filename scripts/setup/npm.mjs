import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

const HINTS = [
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|ENOTCACHED/,
    'The package registry cannot be reached. Check the network or proxy and start again',
  ],
  [
    /SELF_SIGNED_CERT|UNABLE_TO_(VERIFY|GET)|CERT_/,
    'The registry answers with a certificate that npm does not trust. Set cafile in your .npmrc',
  ],
  [
    /EACCES|EPERM|EROFS/,
    'A folder cannot be written. Check who owns this folder and the npm cache',
  ],
  [/ENOSPC/, 'The disk is full'],
  [/E401|E403|ENEEDAUTH/, 'The registry refuses the request. Check the credentials in your .npmrc'],
]

/**
 * Runs npm with the Node that runs this script, whatever `node` is first on the path: that one may be
 * the very Node which does not start. What npm prints is shown as it comes.
 *
 * @returns `hint` is what to do about a failure, or null when only npm's own words can tell.
 */
export function runNpm(args, cwd) {
  const cli = process.env.npm_execpath
  const [command, prefix] = /npm-cli\.c?js$/.test(cli ?? '')
    ? [process.execPath, [cli]]
    : ['npm', []]
  const child = spawn(
    command,
    [...prefix, ...args, '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  let tail = ''
  createInterface({ input: child.stderr }).on('line', (line) => {
    tail = `${tail}\n${line}`.slice(-20_000)
    // Where inside npm a request failed helps nobody here.
    if (!/^npm (error|ERR!)\s+(at |\[?(cause|code|errno|syscall|type)\]?:|\})/.test(line)) {
      process.stderr.write(`${line}\n`)
    }
  })
  return new Promise((resolve) => {
    child.on('error', () => resolve({ ok: false, hint: 'npm is not on the path' }))
    child.on('close', (exitCode) => {
      resolve({
        ok: exitCode === 0,
        hint: HINTS.find(([pattern]) => pattern.test(tail))?.[1] ?? null,
      })
    })
  })
}
