// The process of one group of measurements: node --expose-gc bench/measure-group.ts <group> [quick]
import type { GroupContext, GroupMessage, MeasureGroup, TreePeak } from './group-context.ts'
import { measureCompute } from './groups/compute.ts'
import { measureEndings } from './groups/endings.ts'
import { measureJournal } from './groups/journal.ts'
import { measureLargeHost } from './groups/large-host.ts'
import { measureMemory } from './groups/memory.ts'
import { measureNeighbours } from './groups/neighbours.ts'
import { measureSustained } from './groups/sustained.ts'
import { measureTools } from './groups/tools.ts'
import { measureWarm } from './groups/warm.ts'

const GROUPS: Readonly<Record<string, MeasureGroup>> = {
  warm: measureWarm,
  sustained: measureSustained,
  tools: measureTools,
  journal: measureJournal,
  compute: measureCompute,
  memory: measureMemory,
  endings: measureEndings,
  neighbours: measureNeighbours,
  'large-host': measureLargeHost,
}

const [name = '', mode] = process.argv.slice(2)

const context: GroupContext = {
  isQuick: mode === 'quick',
  async watchTree(action) {
    await say({ kind: 'watch' })
    const value = await action()
    const peak = new Promise<TreePeak>((resolve) => process.once('message', resolve))
    await say({ kind: 'unwatch' })
    return { ...(await peak), value }
  },
}

function say(message: GroupMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })
}

try {
  const measure = Object.hasOwn(GROUPS, name) ? GROUPS[name] : undefined
  if (measure === undefined) throw new Error(`The groups are ${Object.keys(GROUPS).join(', ')}`)
  await say({ kind: 'done', rows: await measure(context) })
} catch (error) {
  await say({ kind: 'failed', error: String(error instanceof Error ? error.stack : error) })
}
process.exit(0)
