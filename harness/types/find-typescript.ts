import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The TypeScript that programs are checked with, or why there is none. */
export type TypeScriptInstallation =
  | {
      readonly isFound: true
      readonly version: string
      /** The compiler's executable. */
      readonly executable: string
      /** The folder of its library files. */
      readonly libraries: string
    }
  | { readonly isFound: false; readonly reason: string }

/** The major version whose interface the checker speaks. */
export const TYPESCRIPT_MAJOR = 7

/**
 * Looks for the package `typescript` beside this one. It is an optional peer: without it programs run all
 * the same, and their types are not checked.
 */
export function findTypeScript(from: string = import.meta.url): TypeScriptInstallation {
  const manifest = resolveFrom(from, 'typescript/package.json')
  if (manifest === null) return missing('The package typescript is not installed')
  const version = String(JSON.parse(readFileSync(manifest, 'utf8')).version)
  if (Number.parseInt(version, 10) !== TYPESCRIPT_MAJOR) {
    return missing(`TypeScript ${version} is installed, and ${TYPESCRIPT_MAJOR} is needed`)
  }
  const platform = `@typescript/typescript-${process.platform}-${process.arch}/package.json`
  const binary = resolveFrom(manifest, platform)
  if (binary === null) return missing(`TypeScript ${version} has no compiler for this platform`)
  const libraries = join(dirname(binary), 'lib')
  const executable = join(libraries, process.platform === 'win32' ? 'tsc.exe' : 'tsc')
  if (!existsSync(executable)) return missing(`The compiler of TypeScript ${version} is not there`)
  return { isFound: true, version, executable, libraries }
}

function missing(reason: string): TypeScriptInstallation {
  return { isFound: false, reason }
}

function resolveFrom(from: string, specifier: string): string | null {
  try {
    return createRequire(from).resolve(specifier)
  } catch {
    return null
  }
}
