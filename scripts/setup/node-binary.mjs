import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { runNpm } from './npm.mjs'
import { SetupError, say } from './progress.mjs'

const MINIMUM_MAJOR = 24

/**
 * The Node that runs the project: the one from node_modules, else the one that runs this script if it
 * is new enough, else Node 24 in the git-ignored folder `.node`.
 *
 * @returns Absolute path of a binary that has been started once.
 */
export async function chooseNode(root) {
  const bundled = join(root, 'node_modules', '.bin', 'node')
  let attempt = tryNode(bundled)
  if (!existsSync(bundled)) {
    say('the install script of the package "node" did not run; fetching its binary')
    const binary = await fetchNode(root, readWantedVersion(root))
    attempt = tryNode(binary)
    if (attempt.ok) linkAs(bundled, binary)
  }
  if (attempt.ok) return bundled
  say(`the bundled Node does not start here (${attempt.reason})`)
  // npm puts this folder first on the path of everything it runs, its own scripts included.
  rmSync(bundled, { force: true })
  if (tryNode(process.execPath).ok) {
    say(`using Node ${process.versions.node}, which is installed on this machine`)
    return process.execPath
  }
  say(`using Node ${MINIMUM_MAJOR} instead`)
  return linkAs(bundled, await fetchWorkingNode(root, String(MINIMUM_MAJOR)))
}

/** A Node of another major version, for the test matrix. */
export async function fetchWorkingNode(root, version) {
  const binary = await fetchNode(root, version)
  const { ok, reason } = tryNode(binary)
  if (ok) return binary
  throw new SetupError(
    `Node ${version} does not start either (${reason}). Install Node ${MINIMUM_MAJOR} or newer, or the ` +
      'missing library (libatomic1 on Debian and Ubuntu, libatomic on Fedora), and start again',
  )
}

/** Starts the binary and lets it run a script: a file can exist, be a Node, and be too old or not load. */
function tryNode(binary) {
  const script = 'process.stdout.write(process.versions.node)'
  const run = spawnSync(binary, ['-e', script], { encoding: 'utf8', timeout: 30_000 })
  const major = Number.parseInt(run.stdout ?? '', 10)
  if (run.status === 0 && major >= MINIMUM_MAJOR) return { ok: true, reason: null }
  if (run.status === 0) return { ok: false, reason: `version ${run.stdout}` }
  // "path: error while loading shared libraries: libatomic.so.1: cannot open …": all but the path.
  const loaderWords = (run.stderr ?? '').split('\n')[0].split(': ').slice(1).join(': ')
  return { ok: false, reason: loaderWords || run.error?.code || `status ${run.status}` }
}

/**
 * Installs the binary package that the install script of `node` would install, without any script:
 * npm may be told not to run them, and later majors refuse those that nobody approved.
 */
async function fetchNode(root, version) {
  const folder = join(root, '.node', version)
  const name = `node${isAppleSilicon() ? '-bin' : ''}-${process.platform}-${process.arch}`
  const binary = join(folder, 'node_modules', name, 'bin', 'node')
  if (tryNode(binary).ok) return binary
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(root, '.node', '.gitignore'), '*\n')
  const result = await runNpm(
    ['install', '--no-save', '--prefix', folder, `${name}@${version}`],
    root,
  )
  if (!result.ok) throw new SetupError(`${result.hint ?? `npm could not install Node ${version}`}`)
  return binary
}

function linkAs(link, binary) {
  rmSync(link, { force: true })
  symlinkSync(relative(dirname(link), binary), link)
  return link
}

function readWantedVersion(root) {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return manifest.devDependencies.node
}

function isAppleSilicon() {
  return process.platform === 'darwin' && process.arch === 'arm64'
}
