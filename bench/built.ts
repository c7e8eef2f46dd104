import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Absolute path of the repository. */
export const root: string = join(import.meta.dirname, '..')

/**
 * Loads a module of the built package: what is shipped is measured, not sources whose types are
 * stripped while they load.
 *
 * @param path - Below `dist`, for example `harness/index.js`. The type parameter is that of its source.
 * @throws {Error} If the package was not built.
 */
export async function built<T>(path: string): Promise<T> {
  const file = join(root, 'dist', path)
  if (!existsSync(file)) throw new Error(`dist/${path} is missing: run npm run build first`)
  return (await import(pathToFileURL(file).href)) as T
}
