// Table: the rooms, what each may enter, and the packages each may use. A package that is not listed
// may not be imported, so a new dependency is added here in the change that brings it.
import { posix } from 'node:path'
import { type ModuleReference, moduleReferences } from './module-references.ts'

/** A room of the house. */
export type Room = 'src' | 'runtime' | 'harness'

interface RoomRules {
  /** Rooms whose door, `<room>/index.ts`, may be imported. */
  readonly mayEnter: readonly Room[]
  /** Packages that may be imported; a trailing `/*` stands for every package of a scope. */
  readonly packages: readonly string[]
  /** Folders outside the rooms from which files, not modules, may be read. */
  readonly files: readonly string[]
}

/** The rules of each room. */
export const roomRules: Readonly<Record<Room, RoomRules>> = {
  src: {
    mayEnter: ['runtime', 'harness'],
    packages: [
      '@hono/node-server',
      '@modelcontextprotocol/*',
      '@opentelemetry/api',
      'hono',
      'jose',
      'kysely',
      'pg',
      'pino',
      'redis',
    ],
    files: ['console'],
  },
  runtime: {
    mayEnter: ['harness'],
    packages: ['@ai-sdk/provider', '@standard-schema/spec', 'ajv', 'zod'],
    files: [],
  },
  harness: {
    mayEnter: [],
    packages: [
      '@babel/parser',
      '@babel/traverse',
      '@babel/types',
      '@jridgewell/trace-mapping',
      'amaro',
      'libpg-query',
      'node-sql-parser',
      'quickjs-wasi',
      'typescript',
    ],
    files: [],
  },
}

/** Files that may load a module whose name is computed, and why. */
export const computedImports: Readonly<Record<string, string>> = {
  'harness/sandbox/isolation/self-seal.ts': 'a built-in module that only newer Nodes have',
  'src/cli/check-modules.ts': 'the caller names the modules of tools and policies',
}

/** Names of the rooms. */
export const rooms: readonly Room[] = ['src', 'runtime', 'harness']

/** What the manifest says may be there when the package is used. */
export interface InstalledPackages {
  /** Dependencies and (optional) peer dependencies. */
  readonly shipped: ReadonlySet<string>
}

/**
 * Checks one file against the rules of its room.
 *
 * @param path - Path relative to the repository, for example `harness/program.ts`.
 * @returns One line per breach, empty when there is none.
 */
export function roomBreaches(path: string, source: string, installed: InstalledPackages): string[] {
  const room = roomOf(path)
  if (room === null) throw new TypeError('The file is in no room')
  return moduleReferences(source).flatMap((reference) => {
    const breach = breachOf({ path, room, reference, installed })
    return breach === null ? [] : [`${path}:${reference.line} ${breach}`]
  })
}

interface Subject {
  readonly path: string
  readonly room: Room
  readonly reference: ModuleReference
  readonly installed: InstalledPackages
}

function breachOf(subject: Subject): string | null {
  const { specifier } = subject.reference
  if (specifier === null) {
    return Object.hasOwn(computedImports, subject.path) ? null : 'names a module that is computed'
  }
  if (/^\.\.?(\/|$)/.test(specifier)) return fileBreach(subject, specifier)
  if (subject.reference.kind === 'url') return `reaches ${specifier}, which is not a relative path`
  if (specifier.startsWith('node:')) return null
  return packageBreach(subject, specifier)
}

function fileBreach({ path, room, reference }: Subject, specifier: string): string | null {
  const target = posix.normalize(posix.join(posix.dirname(path), specifier))
  const targetRoom = roomOf(target)
  const rules = roomRules[room]
  if (targetRoom === null) {
    const isFile = reference.kind === 'url' && rules.files.some((f) => target.startsWith(`${f}/`))
    return isFile ? null : `leaves the rooms for ${target}`
  }
  if (targetRoom === room) {
    return target === `${room}/index.ts` ? 'enters its own room by the door' : null
  }
  if (!rules.mayEnter.includes(targetRoom)) return `enters ${targetRoom}, which is above ${room}`
  const isDoor = target === `${targetRoom}/index.ts` && reference.kind !== 'url'
  return isDoor ? null : `enters ${targetRoom} by ${target} instead of its door`
}

function packageBreach({ room, reference, installed }: Subject, specifier: string): string | null {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  const isListed = roomRules[room].packages.some((listed) =>
    listed.endsWith('/*') ? name.startsWith(listed.slice(0, -1)) : name === listed,
  )
  if (!isListed) return `imports ${name}, which is not listed for ${room}`
  const isMissing = reference.kind === 'import' && !installed.shipped.has(name)
  return isMissing ? `imports ${name}, which is not a dependency of the package` : null
}

function roomOf(path: string): Room | null {
  return rooms.find((room) => path.startsWith(`${room}/`)) ?? null
}
