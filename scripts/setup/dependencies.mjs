import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { runNpm } from './npm.mjs'
import { SetupError, say } from './progress.mjs'

/** Installs what package-lock.json lists, unless exactly that is installed. */
export async function ensureDependencies(root) {
  const problem = dependencyProblem(root)
  if (problem === null) return
  const lock = readJson(join(root, 'package-lock.json'))
  const command = installCommand(lock)
  say(`${problem}; running npm ${command.join(' ')}, this can take a minute`)
  const result = await runNpm(command, root)
  if (!result.ok) {
    throw new SetupError(result.hint ?? 'npm could not install; its message is above')
  }
  const remaining = dependencyProblem(root)
  if (lock !== null && remaining !== null) {
    throw new SetupError(
      `${remaining}, although npm ended well. Delete node_modules and start again`,
    )
  }
  say('dependencies are installed')
}

function installCommand(lock) {
  if (lock === null) return ['install']
  // When a registry does not know an optional package, npm leaves it out of the lock and then refuses
  // that lock in `npm ci`. A normal install reads the same lock and does without the package.
  return isMissingOptionals(lock) ? ['install', '--no-save'] : ['ci']
}

function isMissingOptionals({ packages }) {
  return Object.entries(packages).some(([path, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {}).some(
      (name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`],
    ),
  )
}

/** What differs between package-lock.json and node_modules, or null. Reads only manifests. */
export function dependencyProblem(root) {
  const lock = readJson(join(root, 'package-lock.json'))
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))
  // npm writes this list last: without it an installation was never finished.
  if (installed === null) return 'dependencies are not installed'
  if (lock === null) return null
  const manifest = readJson(join(root, 'package.json'))
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
    if (!isDeepStrictEqual(manifest?.[kind] ?? {}, lock.packages['']?.[kind] ?? {})) {
      throw new SetupError(
        `package.json and package-lock.json list different ${kind}. Run npm install and start again`,
      )
    }
  }
  for (const [path, wanted] of Object.entries(lock.packages)) {
    if (path === '' || wanted.link) continue
    const found = installed.packages[path]
    if (found === undefined && wanted.optional) continue
    const version = readJson(join(root, path, 'package.json'))?.version
    if (found?.version !== wanted.version || version !== wanted.version) {
      return 'dependencies do not match package-lock.json'
    }
  }
  return null
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    // Missing and half-written mean the same: it has to be installed again.
    return null
  }
}
