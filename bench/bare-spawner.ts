import type { Engine } from './bench-sandbox.ts'
import { built } from './built.ts'

/** Starts the same jailed process as the sandbox does, by the same means, and runs nothing in it. */
export interface BareSpawner {
  /** Starts a process, waits until it is verified, and kills it. */
  readonly startAndKill: () => Promise<void>
  close(): Promise<void>
}

/**
 * @param driverName - As on the facts of a sandbox, for example `bwrap+self-seal`.
 * @throws {Error} If this host has no such driver.
 */
export async function bareSpawner(driverName: string, engine: Engine): Promise<BareSpawner> {
  const { ProcessSpawner } = await built<typeof import('../harness/sandbox/process-spawner.ts')>(
    'harness/sandbox/process-spawner.js',
  )
  const { SandboxProcess } = await built<typeof import('../harness/sandbox/sandbox-process.ts')>(
    'harness/sandbox/sandbox-process.js',
  )
  const { candidateDrivers, isRoot } = await built<
    typeof import('../harness/sandbox/isolation/probe.ts')
  >('harness/sandbox/isolation/probe.js')
  const { locateRuntimeFiles } = await built<
    typeof import('../harness/sandbox/isolation/runtime-files.ts')
  >('harness/sandbox/isolation/runtime-files.js')
  const driver = candidateDrivers().find(({ name }) => name === driverName)
  if (driver === undefined) throw new Error(`There is no driver ${driverName} here`)
  const files = await locateRuntimeFiles(isRoot(), engine)
  const spawner = new ProcessSpawner()
  return {
    startAndKill: async () => {
      const process = await SandboxProcess.start(spawner, driver, files)
      process.kill()
    },
    close: async () => {
      await spawner.close()
      files.remove()
    },
  }
}
