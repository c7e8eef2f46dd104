import type { Program } from '../program.ts'
import type { ToolTypes } from './tool-types.ts'
import type { TypeFinding } from './type-finding.ts'

/**
 * Checks a program against the types of the tools it is granted. What it finds is advice: a warning that
 * a model can repair from, never a refusal.
 *
 * @example
 * ```ts
 * const checker = new TypeScriptChecker()
 * const findings = await checker.check(program, declareToolTypes(tools), signal)
 * findings[0]?.message // 'Argument "quote" of tool "get_rate" is required and missing'
 * await checker.close()
 * ```
 */
export interface TypeChecker {
  /**
   * Checks the text as its author wrote it. Never rejects: a program that cannot be checked in time has
   * one finding that says so, and an aborted check has none.
   */
  check(
    program: CheckedProgram,
    declarations: ToolTypes,
    signal: AbortSignal,
  ): Promise<readonly TypeFinding[]>
  /** Starts what it needs, so that the first check need not wait. */
  warm(): void
  /** Ends what it runs. */
  close(): Promise<void>
}

/** What a type check reads of a program. */
export type CheckedProgram = Pick<Program, 'source' | 'findings'>
