import {
  AgenticError,
  findTypeScript,
  type IsolationFacts,
  ProcessSandbox,
  type SandboxEngine,
} from '../../harness/index.ts'
import { areWallsUp, type DatabaseReport, examineDatabases } from './examine-databases.ts'
import { readHostFacts } from './host-facts.ts'
import { type Improvement, improvementsOf } from './improvements.ts'
import { type MeasuredLimit, measureLimits } from './measured-limits.ts'
import { packageVersion } from './package-version.ts'

/** What was found out about one engine on this host. */
interface EngineReport {
  readonly engine: SandboxEngine
  /** Verified on a running child; null when none could be started. */
  readonly isolation: IsolationFacts | null
  /** Why none could be started. */
  readonly error: string | null
  readonly limits: readonly MeasuredLimit[]
}

interface DoctorReport {
  readonly airlock: string
  readonly node: string
  readonly platform: string
  /** The compiler that checks the types of programs, or why none does. */
  readonly types: { readonly version: string } | { readonly off: string }
  readonly engines: readonly EngineReport[]
  readonly improvements: readonly Improvement[]
  /** The walls of the databases behind the SQL tools that were named. */
  readonly databases: readonly DatabaseReport[]
  /** Whether programs run at level `kernel` here, every limit was kept and every wall is up. */
  readonly isWell: boolean
}

const ENGINES: readonly SandboxEngine[] = ['quickjs', 'v8']

/**
 * Starts a child with each engine, verifies it, lets programs run into limits, tries the walls of the
 * databases, and prints what was found and what would improve it.
 *
 * @param options.tools - A module that exports tools. Default: no database is tried.
 * @returns The exit code: 0 when the default engine runs at level `kernel`, every limit of every engine
 * that runs was kept and every wall of every database is up, 1 otherwise.
 * @throws {ConfigurationError} The module cannot be loaded.
 */
export async function doctor(options: {
  readonly json: boolean
  readonly tools?: string | undefined
}): Promise<number> {
  const databases = options.tools === undefined ? [] : await examineDatabases(options.tools)
  const engines: EngineReport[] = []
  for (const engine of ENGINES) engines.push(await examine(engine))
  const isolation = engines[0]?.isolation ?? null
  const report: DoctorReport = {
    airlock: packageVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    types: findTypes(),
    engines,
    improvements: isolation === null ? [] : improvementsOf(isolation, readHostFacts()),
    databases,
    isWell:
      areWallsUp(databases) &&
      isolation?.level === 'kernel' &&
      engines.every(({ limits }) => limits.every(({ holds }) => holds)),
  }
  console.log(options.json ? JSON.stringify(report, null, 2) : describe(report).join('\n'))
  return report.isWell ? 0 : 1
}

async function examine(engine: SandboxEngine): Promise<EngineReport> {
  const sandbox = new ProcessSandbox({ engine, isolation: { minimum: 'best' }, pool: { min: 1 } })
  try {
    const isolation = await sandbox.probe()
    return { engine, isolation, error: null, limits: await measureLimits(sandbox) }
  } catch (error) {
    if (!(error instanceof AgenticError)) throw error
    return { engine, isolation: null, error: `${error.code}: ${error.message}`, limits: [] }
  } finally {
    await sandbox.close()
  }
}

function findTypes(): DoctorReport['types'] {
  const found = findTypeScript()
  return found.isFound ? { version: found.version } : { off: found.reason }
}

function describe({ airlock, node, platform, types, engines, ...more }: DoctorReport) {
  const { improvements, databases } = more
  const lines = [
    row('airlock', airlock),
    row('node', `${node} on ${platform}`),
    row('types', 'version' in types ? `TypeScript ${types.version}` : `off: ${types.off}`),
  ]
  for (const { engine, isolation, error, limits } of engines) {
    lines.push('')
    if (isolation === null) {
      lines.push(row(engine, error ?? 'does not run'))
      continue
    }
    lines.push(row(engine, `level ${isolation.level}, started with ${isolation.driver}`))
    lines.push(row('  present', isolation.layers.join(', ')))
    for (const { layer, remedy } of isolation.missing) {
      lines.push(row('  missing', `${layer}: ${remedy}`))
    }
    lines.push(...limits.map((limit) => row('  limit', describeLimit(limit))))
  }
  for (const { tool, dialect, walls, error } of databases) {
    lines.push('', row('sql', `${tool} (${dialect})`))
    if (error !== null) lines.push(row('  DOWN', error))
    for (const { name, isUp, found, remedy } of walls) {
      lines.push(row(isUp ? '  up' : '  DOWN', `${name}: ${found}`))
      if (remedy !== null) lines.push(row('', `  ${remedy}`))
    }
  }
  if (improvements.length > 0) lines.push('')
  for (const { layers, advice, command } of improvements) {
    lines.push(row('improve', `${advice} (${layers.join(', ')})`))
    if (command !== null) lines.push(row('', `  ${command}`))
  }
  return lines
}

function describeLimit({ attempt, limit, holds, ending, wallMs, peakMemoryMb }: MeasuredLimit) {
  const end = holds ? 'stopped' : `NOT KEPT (${ending})`
  return `${limit}: ${attempt}, ${end} after ${wallMs} ms at ${peakMemoryMb} MiB`
}

function row(name: string, text: string): string {
  return `${name.padEnd(10)} ${text}`.trimEnd()
}
