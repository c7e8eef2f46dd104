import { existsSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

/** Absolute path of the repository. */
export const root: string = join(import.meta.dirname, '..', '..')

const UNTRACKED = new Set(['node_modules', 'dist', 'coverage', 'data'])

/**
 * Every file below `folder` that belongs to the repository, as a path relative to the root with
 * forward slashes. Walks instead of asking git, so that it also works in an unpacked archive.
 */
export function filesBelow(folder: string): string[] {
  const start = join(root, folder)
  if (!existsSync(start)) return []
  return readdirSync(start, { withFileTypes: true }).flatMap((entry) => {
    const path = relative(root, join(start, entry.name)).split(sep).join('/')
    if (entry.isDirectory()) return isUntracked(path, entry.name) ? [] : filesBelow(path)
    return entry.isFile() && !/\.(tgz|log)$/.test(entry.name) ? [path] : []
  })
}

function isUntracked(path: string, name: string): boolean {
  if (name === '.git' || name === '.node') return true
  // Only these two places hold generated data; a folder named data elsewhere is ours.
  if (name === 'data') return path === 'data' || /^examples\/[^/]+\/data$/.test(path)
  return UNTRACKED.has(name)
}
