import { ConfigurationError } from '../errors.ts'
import type { PureModule } from '../program.ts'

/**
 * Reads the modules that a host registers for its programs. The parser is loaded by hosts that have
 * modules only; their text is the host's own, so it may be parsed in its process.
 *
 * @param sources - The text of each module by the name that programs import it by: an ES module of plain
 * JavaScript that imports nothing, is held to the rules of programs, and does not mention `data` and `tools`.
 * @throws {ConfigurationError} A text is no module, or not a pure one; the message says where and why.
 *
 * @example
 * ```ts
 * const modules = await pureModules({ stats: 'export const sum = (list) => list.reduce((a, b) => a + b, 0)' })
 * const policy = new CodePolicy({ modules, allowedModules: ['stats'] })
 * ```
 */
export async function pureModules(
  sources: Readonly<Record<string, string>>,
): Promise<readonly PureModule[]> {
  const { readPureModule } = await import('../parsing/pure-module.ts')
  return Object.entries(sources).map(([name, source]) => {
    if (typeof source !== 'string' || !/^[\w@./-]{1,100}$/.test(name)) {
      throw new ConfigurationError('Pure modules must be texts of modules by name')
    }
    const read = readPureModule(name, source)
    if (read.ok) return read.module
    throw new ConfigurationError(`The module "${name}" is not pure: ${read.problems.join('; ')}`)
  })
}
