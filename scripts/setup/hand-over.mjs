import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { delimiter, dirname } from 'node:path'

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']

/**
 * Runs one step with the chosen Node and the terminal of this process, and passes signals on.
 *
 * @returns The exit code of the step; 128 plus the number of the signal that ended it.
 */
export function handOver(node, step, root) {
  const child = spawn(node, step.args, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      // An npm that is started further down finds its Node here.
      NODE: node,
      npm_node_execpath: node,
      PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}`,
    },
  })
  const handlers = FORWARDED.map((signal) => [signal, () => forward(child, signal)])
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (exitCode, signal) => {
      for (const [name, handler] of handlers) process.off(name, handler)
      resolve(exitCode ?? 128 + constants.signals[signal])
    })
  })
}

function forward(child, signal) {
  // Ctrl-C reaches the whole foreground group: a second one from here would look like impatience.
  if (signal === 'SIGINT' && process.stdin.isTTY) return
  child.kill(signal)
}
