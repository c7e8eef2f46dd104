import { join } from 'node:path'

const VITEST = 'node_modules/vitest/vitest.mjs'
const BIOME = 'node_modules/@biomejs/biome/bin/biome'
const TSC = 'node_modules/typescript/bin/tsc'

const lint = (rest) => ({ args: [BIOME, 'check', ...rest] })
const types = (rest) => ({ args: [TSC, '-p', 'tsconfig.json', ...rest] })

// One entry per npm script: the steps that it runs, each a script for the chosen Node.
const COMMANDS = {
  prepare: () => [],
  start: (rest) => [{ args: ['examples/shop/main.ts', ...rest] }],
  test: (rest) => [{ args: [VITEST, 'run', ...rest] }],
  'test:matrix': (rest) => [{ args: ['scripts/test-matrix.mjs', ...rest] }],
  check: (rest) => [lint([]), types([]), { args: [VITEST, 'run', '--project', 'fast', ...rest] }],
  lint: (rest) => [lint(rest)],
  format: (rest) => [lint(['--write', ...rest])],
  types: (rest) => [types(rest)],
  build: (rest) => [{ args: ['scripts/build.mjs', ...rest] }],
}

export const usage = `Usage: node scripts/setup.mjs ${Object.keys(COMMANDS).join(' | ')}`

export function isCommand(name) {
  return name !== undefined && Object.hasOwn(COMMANDS, name)
}

/** The steps of one command, in order; the first that fails ends it. */
export function commandSteps(name, rest, root) {
  return COMMANDS[name](rest).map(({ args: [script, ...args] }) => ({
    args: [join(root, script), ...args],
  }))
}
