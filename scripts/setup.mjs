// Entry of every npm script: makes sure that the dependencies and a Node that starts are there, then
// hands over to it. Plain JavaScript that Node 20 understands, because nothing else may be installed.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandSteps, isCommand, usage } from './setup/commands.mjs'
import { ensureDependencies } from './setup/dependencies.mjs'
import { handOver } from './setup/hand-over.mjs'
import { chooseNode } from './setup/node-binary.mjs'
import { SetupError } from './setup/progress.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

async function main([command, ...rest]) {
  if (!isCommand(command)) throw new SetupError(usage)
  await ensureDependencies(root)
  const node = await chooseNode(root)
  for (const step of commandSteps(command, rest, root)) {
    const exitCode = await handOver(node, step, root)
    if (exitCode !== 0) return exitCode
  }
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`setup: ${error.message}`)
  process.exitCode = 1
}
