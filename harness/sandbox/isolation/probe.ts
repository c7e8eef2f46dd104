import { SandboxError } from '../../errors.ts'
import { SandboxProcess } from '../sandbox-process.ts'
import { BubblewrapDriver } from './bubblewrap.ts'
import { findProgram, type IsolationDriver } from './driver.ts'
import { canSelfSeal } from './node-permission.ts'
import { type RuntimeFiles, UNPRIVILEGED_ID } from './runtime-files.ts'
import { ProcessDriver, SelfSealDriver } from './sealing.ts'
import { reachesMinimum } from './verify.ts'

/** Every driver that could work on this host, strongest first. None has been tried. */
export function candidateDrivers(): IsolationDriver[] {
  const userId = isRoot() ? UNPRIVILEGED_ID : null
  const { arch, platform } = process
  const drivers: IsolationDriver[] = [new ProcessDriver(userId)]
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) return drivers
  if (canSelfSeal()) drivers.unshift(new SelfSealDriver(arch, userId))
  const program = findProgram('bwrap')
  if (program === null) return drivers
  const options = { program, limiter: findProgram('prlimit'), architecture: arch, userId }
  drivers.unshift(new BubblewrapDriver({ ...options, canSeal: false }))
  if (canSelfSeal()) drivers.unshift(new BubblewrapDriver({ ...options, canSeal: true }))
  return drivers
}

/** Whether this host runs as root and children have to become somebody else. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/**
 * Chooses a driver by really starting a child with each, strongest first, until one is verified at
 * the strongest level; otherwise the best that was seen.
 *
 * @returns The driver and the child that proved it, which is still unused.
 * @throws {SandboxError} `ERR_SANDBOX_FAILED` if no driver can start a child.
 */
export async function probeDrivers(
  drivers: readonly IsolationDriver[],
  files: RuntimeFiles,
): Promise<{ driver: IsolationDriver; child: SandboxProcess }> {
  let best: { driver: IsolationDriver; child: SandboxProcess } | null = null
  let firstError: unknown
  for (const driver of drivers) {
    try {
      const child = await SandboxProcess.start(driver, files)
      if (best !== null && reachesMinimum(best.child.facts, child.facts.level)) {
        await child.kill()
        continue
      }
      await best?.child.kill()
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
