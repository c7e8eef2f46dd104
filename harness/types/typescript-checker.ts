import { ConfigurationError, SandboxError } from '../errors.ts'
import { KillableProcessError, type KillReason } from '../parsing/killable-process.ts'
import { Places } from '../sandbox/places.ts'
import { checkedText, explainDiagnostics } from './explain-diagnostics.ts'
import { findTypeScript, type TypeScriptInstallation } from './find-typescript.ts'
import type { ToolTypes } from './tool-types.ts'
import type { CheckedProgram, TypeChecker } from './type-checker.ts'
import type { TypeFinding } from './type-finding.ts'
import { TypeScriptProcess } from './typescript-process.ts'

/** How much the compilers that check programs may use. */
export interface TypeScriptCheckerOptions {
  /** Longest time for one program, in milliseconds. Default 500. */
  readonly deadlineMs?: number
  /** Resident memory of each compiler, in MiB; a Linux host watches it. Default 256. */
  readonly memoryMb?: number
  /** Most compilers at a time; one that is never needed is never started. Default 1. */
  readonly maxProcesses?: number
  /** Most programs that wait for a compiler. Default 64. */
  readonly maxQueued?: number
}

/** Larger programs are not checked: nobody writes them, and each costs as much as all others. */
const MAX_SOURCE_LENGTH = 131_072

const NOT_CHECKED: Readonly<Record<Exclude<KillReason, 'aborted'> | 'busy' | 'size', string>> = {
  deadline: 'it takes too long',
  memory: 'it takes too much memory',
  crashed: 'the compiler failed',
  busy: 'too many programs wait for it',
  size: 'the program is too long',
}

/**
 * The type check by TypeScript, in processes that are killed when a program takes too long or too much.
 * The compiler reads its libraries once and stays warm.
 */
export class TypeScriptChecker implements TypeChecker {
  /** The compiler's version. */
  readonly version: string
  readonly #deadlineMs: number
  readonly #places: Places
  readonly #processes: TypeScriptProcess[] = []
  readonly #idle: TypeScriptProcess[] = []
  readonly #newProcess: () => TypeScriptProcess
  #isClosed = false

  /** @throws {ConfigurationError} There is no TypeScript, or an option is not a positive number. */
  constructor(
    options: TypeScriptCheckerOptions = {},
    installation: TypeScriptInstallation = findTypeScript(),
  ) {
    const { deadlineMs = 500, memoryMb = 256, maxProcesses = 1, maxQueued = 64 } = options
    for (const [name, value] of Object.entries({ deadlineMs, memoryMb, maxProcesses, maxQueued })) {
      if (!(value > 0)) {
        throw new ConfigurationError(`The type check's option "${name}" must be a positive number`)
      }
    }
    if (!installation.isFound) {
      throw new ConfigurationError(`Types cannot be checked: ${installation.reason}`)
    }
    this.version = installation.version
    this.#deadlineMs = deadlineMs
    this.#places = new Places(maxProcesses, maxQueued)
    this.#newProcess = () => new TypeScriptProcess({ installation, memoryMb })
  }

  warm(): void {
    if (this.#isClosed || this.#processes.length > 0) return
    const compiler = this.#addProcess()
    this.#idle.push(compiler)
    // Whoever checks first learns of the failure.
    compiler.start().catch(() => {})
  }

  async check(
    program: CheckedProgram,
    declarations: ToolTypes,
    signal: AbortSignal,
  ): Promise<readonly TypeFinding[]> {
    if (program.source.length > MAX_SOURCE_LENGTH) return [notChecked('size')]
    let leave: (() => void) | null = null
    try {
      leave = await this.#places.enter(signal)
      if (leave === null || this.#isClosed) return []
      const compiler = this.#idle.pop() ?? this.#addProcess()
      try {
        const texts = { program: checkedText(program.source), declarations: declarations.text }
        const limits = { deadlineMs: this.#deadlineMs, signal }
        const diagnostics = await compiler.diagnose(texts, limits)
        return explainDiagnostics(diagnostics, program, declarations)
      } catch (error) {
        // One that was killed is replaced now rather than while the next program waits.
        if (!this.#isClosed) compiler.start().catch(() => {})
        throw error
      } finally {
        this.#idle.push(compiler)
      }
    } catch (error) {
      if (error instanceof SandboxError) return [notChecked('busy')]
      if (!(error instanceof KillableProcessError)) throw error
      return error.kind === 'aborted' ? [] : [notChecked(error.kind)]
    } finally {
      leave?.()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#processes.map((compiler) => compiler.close()))
  }

  #addProcess(): TypeScriptProcess {
    const compiler = this.#newProcess()
    this.#processes.push(compiler)
    return compiler
  }
}

function notChecked(reason: keyof typeof NOT_CHECKED): TypeFinding {
  return {
    ruleId: 'types/not-checked',
    source: 'types',
    severity: 'warning',
    repairable: false,
    message: `The types of the program were not checked: ${NOT_CHECKED[reason]}`,
    reasonCode: reason,
  }
}
