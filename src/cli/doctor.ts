import { ProcessSandbox } from '../../harness/index.ts'
import { packageVersion } from './package-version.ts'

/**
 * Starts one child, verifies it and prints what separates it from this host.
 *
 * @returns The exit code: 0 at level `kernel`, 1 below it.
 */
export async function doctor(options: { readonly json: boolean }): Promise<number> {
  const sandbox = new ProcessSandbox({ isolation: { minimum: 'best' }, warm: 1 })
  try {
    const isolation = await sandbox.probe()
    const report = { airlock: packageVersion(), node: process.version, isolation }
    if (options.json) {
      console.log(JSON.stringify(report, null, 2))
    } else {
      console.log(`airlock    ${report.airlock}`)
      console.log(`node       ${report.node}`)
      console.log(`isolation  ${isolation.level} (${isolation.engine}, ${isolation.driver})`)
      console.log(`verified   ${isolation.layers.join(', ')}`)
      for (const { layer, remedy } of isolation.missing)
        console.log(`missing    ${layer}: ${remedy}`)
    }
    return isolation.level === 'kernel' ? 0 : 1
  } finally {
    await sandbox.close()
  }
}
