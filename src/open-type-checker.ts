import {
  findTypeScript,
  type Logger,
  type TypeChecker,
  TypeScriptChecker,
} from '../harness/index.ts'

/**
 * The type checker of an app, which starts its compiler with the first program.
 *
 * @returns `null` where there is no TypeScript; the log says so.
 */
export function openTypeChecker(logger: Logger): TypeChecker | null {
  const installation = findTypeScript()
  if (installation.isFound) return new TypeScriptChecker({}, installation)
  logger.info({ reason: installation.reason }, 'Types of programs are not checked')
  return null
}
