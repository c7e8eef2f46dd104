import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The version in the nearest package.json above this file, whether it runs from `src` or `dist`. */
export function packageVersion(): string {
  const levels = ['..', '../..', '../../..'].map((up) =>
    join(import.meta.dirname, up, 'package.json'),
  )
  const manifest = levels.find((path) => existsSync(path))
  if (manifest === undefined) return 'unknown'
  return String(JSON.parse(readFileSync(manifest, 'utf8')).version)
}
