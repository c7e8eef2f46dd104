#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { AgenticError } from '../../harness/index.ts'
import { doctor } from './doctor.ts'
import { packageVersion } from './package-version.ts'

const HELP = `airlock: a secure code-execution runtime for agents

  airlock check <file>...   says what the gates would say of a program; see airlock check --help
  airlock doctor [--json] [--tools <module>]
                            says what separates programs from this host and statements from the
                            databases of the tools, and what would improve it
  airlock replay <runId>    runs a stored run again over its journal; see airlock replay --help
  airlock backtest          does so with many, under other policies; see airlock backtest --help
  airlock runs <command>    resolves and undoes runs of a server; see airlock runs --help
  airlock audit <command>   checks, exports and erases what is on record; see airlock audit --help
  airlock approvals <command>
                            decides what waits for a person; see airlock approvals --help
  airlock --version
  airlock --help
`

/** Exit codes: 0 all is well, 1 something is wrong and said so, 2 the command line is not understood. */
async function main(args: readonly string[]): Promise<number> {
  if (args[0] === 'check') return (await import('./check.ts')).check(args.slice(1))
  if (args[0] === 'replay') return (await import('./replay.ts')).replay(args.slice(1))
  if (args[0] === 'backtest') return (await import('./backtest.ts')).backtest(args.slice(1))
  if (args[0] === 'runs') return (await import('./runs.ts')).runs(args.slice(1))
  if (args[0] === 'approvals') return (await import('./approvals.ts')).approvals(args.slice(1))
  if (args[0] === 'audit') return (await import('./audit.ts')).audit(args.slice(1))
  let parsed: ReturnType<typeof readArguments>
  try {
    parsed = readArguments(args)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${HELP}`)
    return 2
  }
  const { values, positionals } = parsed
  if (values.version) {
    console.log(packageVersion())
    return 0
  }
  const [command, ...rest] = positionals
  if (values.help || command === undefined) {
    console.log(HELP)
    return command === undefined && !values.help ? 2 : 0
  }
  if (command === 'doctor' && rest.length === 0) {
    return doctor({ json: values.json, tools: values.tools })
  }
  console.error(`There is no such command\n\n${HELP}`)
  return 2
}

function readArguments(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      tools: { type: 'string' },
    },
  })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof AgenticError)) throw error
  console.error(`${error.code}: ${error.message}`)
  process.exitCode = 1
}
