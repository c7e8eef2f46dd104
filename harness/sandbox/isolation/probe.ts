import { readFileSync } from 'node:fs'
import { SandboxError } from '../../errors.ts'
import { BubblewrapDriver } from './bubblewrap.ts'
import { findProgram, type IsolationDriver } from './driver.ts'
import type { IsolationFacts } from './isolation-level.ts'
import { canSelfSeal } from './node-permission.ts'
import { UNPRIVILEGED_ID } from './runtime-files.ts'
import { ProcessDriver, SelfSealDriver } from './sealing.ts'
import { findUnshareTools, UnshareDriver } from './unshare.ts'
import { reachesMinimum } from './verify.ts'

/** Every driver that could work on this host, strongest first. None has been tried. */
export function candidateDrivers(): IsolationDriver[] {
  const userId = userToBecome()
  const { arch, platform } = process
  const weakest = new ProcessDriver(userId)
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) return [weakest]
  const program = findProgram('bwrap')
  const tools = findUnshareTools()
  const options = { architecture: arch, userId, limiter: findProgram('prlimit') }
  const bubblewrap = (canSeal: boolean): IsolationDriver[] =>
    program === null ? [] : [new BubblewrapDriver({ ...options, program, canSeal })]
  const unshare = (canSeal: boolean): IsolationDriver[] =>
    tools === null ? [] : [new UnshareDriver({ tools, architecture: arch, userId, canSeal })]
  // The filter of a seal is worth more than namespaces alone.
  const sealed = canSelfSeal() ? [...unshare(true), new SelfSealDriver(arch, userId)] : []
  return [
    ...(canSelfSeal() ? bubblewrap(true) : []),
    ...bubblewrap(false),
    ...sealed,
    ...unshare(false),
    weakest,
  ]
}

/** Whether this host runs as root and children have to become somebody else. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/**
 * The user that children of this host become; null when they stay who it is. In a user namespace that
 * knows nobody but its root, as some containers without privileges are, there is nobody to become.
 */
function userToBecome(): number | null {
  return isRoot() && ['uid_map', 'gid_map'].every(knowsUser) ? UNPRIVILEGED_ID : null
}

function knowsUser(map: string): boolean {
  try {
    const lines = readFileSync(`/proc/self/${map}`, 'latin1').trim().split('\n')
    return lines.some((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number)
      return UNPRIVILEGED_ID >= first && UNPRIVILEGED_ID < first + count
    })
  } catch {
    // No such file: a system without user namespaces.
    return true
  }
}

/** A started child, as far as choosing needs to know it. */
interface Candidate {
  readonly facts: IsolationFacts
  kill(): unknown
}

/**
 * Chooses a driver by really starting a child with each, strongest first, until one is verified at
 * the strongest level; otherwise the best that was seen.
 *
 * @param start - Starts a child and verifies it; rejects when it does not get ready.
 * @returns The driver and the child that proved it, which is still unused.
 * @throws {SandboxError} `ERR_SANDBOX_FAILED` if no driver can start a child.
 */
export async function probeDrivers<Child extends Candidate>(
  drivers: readonly IsolationDriver[],
  start: (driver: IsolationDriver) => Promise<Child>,
): Promise<{ driver: IsolationDriver; child: Child }> {
  let best: { driver: IsolationDriver; child: Child } | null = null
  let firstError: unknown
  for (const driver of drivers) {
    try {
      const child = await start(driver)
      if (best !== null && reachesMinimum(best.child.facts, child.facts.level)) {
        child.kill()
        continue
      }
      best?.child.kill()
      best = { driver, child }
      if (reachesMinimum(child.facts, 'kernel')) return best
    } catch (error) {
      firstError ??= error
    }
  }
  if (best !== null) return best
  throw new SandboxError('ERR_SANDBOX_FAILED', 'No sandbox process can be started on this host', {
    cause: firstError,
  })
}
