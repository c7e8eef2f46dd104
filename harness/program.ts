import type { JsonValue } from './json-value.ts'
import type { Finding } from './verdict.ts'

/** The language a program was written in. TypeScript is lowered to JavaScript before anything reads it. */
export type ProgramLanguage = 'js' | 'ts'

/** A place in the text the author wrote. Both numbers start at 1. */
export interface SourcePosition {
  readonly line: number
  readonly column: number
}

/** One place in a program that calls a tool, or that hands tools to code the analyser cannot follow. */
export interface ToolUse extends SourcePosition {
  /** The tool's name, or `'*'` when it is decided at run time: then any granted tool may be meant. */
  readonly tool: string
  /**
   * The properties of the argument whose values are constants in the program. A property that is
   * computed at run time is absent, so an absent property means "unknown", not "missing".
   */
  readonly constantArguments: { readonly [property: string]: JsonValue }
  /** True when `constantArguments` is the whole argument: nothing in it is computed. */
  readonly isConstant: boolean
  /** True when the call can happen at most once per run: not inside a loop, function or callback. */
  readonly isSingle: boolean
  /** The most calls that can come of this place; `null` where no bound follows from the text. */
  readonly maxCalls?: number | null
}

/** What static analysis read off a program. Plain data: the syntax tree never leaves the parsing child. */
export interface ProgramFacts {
  /** Lines of the text the author wrote. */
  readonly lineCount: number
  /** Nodes of the syntax tree. */
  readonly nodeCount: number
  /** Ways that the program can take: one, and one more for each branch, loop, case and `catch`. */
  readonly complexity: number
  /** How many loops are nested in one another at most, loops of callbacks such as `forEach` included. */
  readonly maxLoopDepth: number
  /** Every tool call, in source order. */
  readonly toolUses: readonly ToolUse[]
  /** Static and dynamic imports with the module's name; `null` when it is computed. */
  readonly imports: readonly (SourcePosition & {
    readonly specifier: string | null
    /** True for a pure module of the host, whose text is part of the program. */
    readonly isRegistered?: true
  })[]
  /** Places that turn text into code: `eval`, `Function`, timers that are given text. */
  readonly codeFromText: readonly SourcePosition[]
  /** Loops without a reachable end, constant ranges, recursion, expensive expressions, and the like. */
  readonly resourceHazards: readonly (SourcePosition & {
    readonly kind:
      | 'unbounded-loop'
      | 'large-range'
      | 'nested-range'
      | 'large-allocation'
      | 'recursion'
      | 'regex'
    readonly message: string
    /** The constant size that was found: rounds of loops, elements of allocations. */
    readonly size?: number
  })[]
}

/**
 * Code written for one intent: immutable, with a hash. `code` is the one text that is analysed,
 * hashed, shown to an approver and executed.
 */
export interface Program {
  /** The text as the model or the caller wrote it. */
  readonly source: string
  readonly language: ProgramLanguage
  /**
   * The JavaScript that runs, as one script whose completion value is an async function without
   * parameters. `data`, `tools`, `console` and the like are names of an outer scope.
   */
  readonly code: string
  /** SHA-256 of `code` in UTF-8, lower-case hex. */
  readonly hash: string
  readonly facts: ProgramFacts
  /** What the rules of static analysis found. */
  readonly findings: readonly Finding[]
  /**
   * Leads a position in `code` back to `source`: numbers in groups of four, `line in code, column in code,
   * line in source, column in source`, all from 1 and in the order of `code`. From such a place on both
   * texts run side by side: column by column to the end of the line, and from there line by line.
   */
  readonly positions: readonly number[]
}

/**
 * A module of the host that programs may import: plain JavaScript that imports nothing and reaches nothing
 * beyond what a program reaches. Its text becomes part of each program that imports it.
 */
export interface PureModule {
  /** What a program writes behind `from`. */
  readonly name: string
  /** An expression that gives an object with what the module exports. */
  readonly code: string
  /** The names it exports, `default` among them if there is one. */
  readonly exports: readonly string[]
}
