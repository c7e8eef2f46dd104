/** Errors that come to be outside of the program, as errors of its own realm. */
export interface Failures {
  /** A program that fails with what was thrown; the runner never looks at that itself. */
  programThatThrows(thrown: unknown): () => Promise<never>
  /** A program that could not be parsed. The place is 0 when it is not known. */
  programThatIsNone(name: string, message: string, line: number, column: number): unknown
  /** What stands for `then` on the promise that `import()` gives: it belongs to another realm. */
  refuseImport(resolve: unknown, reject: unknown): void
}

/** Makes the realm's {@link Failures}. */
export function createFailures(programFile: string): Failures {
  const { apply, defineProperty } = Reflect
  const NativeRangeError = RangeError
  const NativeSyntaxError = SyntaxError
  const NativeReferenceError = ReferenceError

  const programThatThrows = (thrown: unknown) => async (): Promise<never> => {
    throw thrown
  }

  return {
    programThatThrows,
    programThatIsNone: (name, message, line, column) => {
      const make = name === 'RangeError' ? NativeRangeError : NativeSyntaxError
      const error = new make(message)
      const place = line === 0 ? '' : `\n    at ${programFile}:${line}:${column}`
      const value = `${error.name}: ${message}${place}`
      defineProperty(error, 'stack', { value, writable: true, configurable: true })
      return programThatThrows(error)
    },
    refuseImport: (_resolve, reject) => {
      const refusal = new NativeReferenceError('Modules are not available; use the tools')
      apply(reject as () => void, undefined, [refusal])
    },
  }
}
