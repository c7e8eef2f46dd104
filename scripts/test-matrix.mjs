// Runs the suites that depend on what Node itself enforces on the oldest supported Node as well.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fetchWorkingNode } from './setup/node-binary.mjs'

const VERSIONS = ['24']
const SUITES = [
  'test/harness/sandbox',
  'test/harness/policy',
  'test/harness/parsing',
  'test/escape',
]
// Of the slow tests those that ask what the other V8 and the other system calls of that Node do.
const SLOW_SUITES = [
  'test/harness/sandbox/conformance',
  'test/harness/sandbox/endings',
  'test/harness/sandbox/isolation/verify',
  'test/harness/sandbox/quickjs-engine',
  'test/harness/sandbox/v8-attacks',
  'test/harness/sandbox/v8-endings',
  'test/escape/files',
  'test/escape/network',
]

// What an ordinary user can do is less than what root can: the jail has to stand all the same.
const UNPRIVILEGED_ID = 65_534
const USER_SUITES = ['test/escape', 'test/harness/sandbox']

const root = join(import.meta.dirname, '..')
/** Runs suites with a Node; `options` are those of spawn. */
function runSuites(title, node, args, options = {}) {
  console.log(`${title}: ${args.join(' ')}`)
  const run = spawnSync(node, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
    ...options,
  })
  if (run.status !== 0) process.exitCode = 1
}

for (const version of VERSIONS) {
  const node = await fetchWorkingNode(root, version)
  runSuites(`Node ${version}`, node, ['--project', 'fast', ...SUITES])
  runSuites(`Node ${version}`, node, ['--project', 'slow', ...SLOW_SUITES])
}

if (process.getuid?.() === 0) {
  // The loader that writes no file: the checkout belongs to somebody else.
  const args = ['--configLoader', 'runner', '--project', 'fast', ...USER_SUITES]
  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`, HOME: '/tmp' }
  const user = { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID, env }
  if (canBeReadByOthers(root)) runSuites('As an unprivileged user', process.execPath, args, user)
  else
    console.log('The checkout cannot be read by others: left out the run as an unprivileged user')
}

/** Whether every folder on the way to a path may be entered by everybody. */
function canBeReadByOthers(path) {
  const mayEnter = (statSync(path).mode & 0o005) === 0o005
  return mayEnter && (path === dirname(path) || canBeReadByOthers(dirname(path)))
}
