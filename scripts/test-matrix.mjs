// Runs the suites that depend on what Node itself enforces on the oldest supported Node as well.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fetchWorkingNode } from './setup/node-binary.mjs'

const VERSIONS = ['24']
const SUITES = [
  'test/harness/sandbox',
  'test/harness/policy',
  'test/harness/parsing',
  'test/escape',
]

const root = join(import.meta.dirname, '..')
const suites = SUITES.filter((suite) => existsSync(join(root, suite)))

for (const version of VERSIONS) {
  const node = await fetchWorkingNode(root, version)
  console.log(`Node ${version}: ${suites.join(' ')}`)
  const run = spawnSync(node, [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...suites], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
  })
  if (run.status !== 0) process.exitCode = 1
}
