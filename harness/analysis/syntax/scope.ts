import type { SyntaxPath } from './syntax-path.ts'

/** How a name came to be. */
export type BindingKind =
  | 'var'
  | 'let'
  | 'const'
  | 'using'
  | 'function'
  | 'class'
  | 'parameter'
  | 'catch'

/** A name that the program declares, with every place that mentions it. */
export class Binding {
  readonly name: string
  readonly kind: BindingKind
  /** What declares it: a declarator, function, class, parameter or catch clause. */
  readonly path: SyntaxPath
  /** Places that read it, or read and write it. */
  readonly references: SyntaxPath[] = []
  /** Places that write it, its declaration left out. */
  readonly writes: SyntaxPath[] = []
  /** Declared more than once, or in a loop by `var`: several values in turn. */
  hasSeveralValues = false

  constructor(name: string, kind: BindingKind, path: SyntaxPath) {
    this.name = name
    this.kind = kind
    this.path = path
  }

  /** Whether the name has one value for as long as it is visible. */
  get isConstant(): boolean {
    return this.writes.length === 0 && !this.hasSeveralValues
  }
}

/** A part of the text in which names are declared. */
export class Scope {
  readonly outer: Scope | null
  /** Where `var` declares: the body of a function or static block, or the script. */
  readonly forVar: Scope
  #bindings: Map<string, Binding> | null = null

  constructor(outer: Scope | null, options: { readonly isForVar: boolean }) {
    this.outer = outer
    this.forVar = outer === null || options.isForVar ? this : outer.forVar
  }

  /** The declaration that a name means here; `undefined` for names from outside the program. */
  lookup(name: string): Binding | undefined {
    let scope: Scope | null = this
    while (scope !== null) {
      const binding = scope.#bindings?.get(name)
      if (binding !== undefined) return binding
      scope = scope.outer
    }
    return undefined
  }

  /** The declaration of a name in this very scope. */
  own(name: string): Binding | undefined {
    return this.#bindings?.get(name)
  }

  /** Declares a name, or notes that it is declared again. */
  declare(name: string, kind: BindingKind, path: SyntaxPath): void {
    // `function f(a) { var a }` has one variable; with defaults a second one starts as its copy.
    const known = this.own(name) ?? (kind === 'var' ? this.#parameter(name) : undefined)
    if (known !== undefined) {
      known.hasSeveralValues = true
      return
    }
    this.#bindings ??= new Map()
    this.#bindings.set(name, new Binding(name, kind, path))
  }

  #parameter(name: string): Binding | undefined {
    const binding = this.outer?.own(name)
    return binding?.kind === 'parameter' ? binding : undefined
  }
}
