import type { Compilable, CompiledQuery } from 'kysely'

/** Stands for a value that comes later. */
class Slot {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

/** Gives the place of a value in a query: it may stand wherever a value of that type may. */
export type Slots<V> = <N extends keyof V & string>(name: N) => V[N]

/**
 * Makes a query whose text is built once, for statements that are run thousands of times a second: building
 * one costs as much as running it.
 *
 * @param build - Builds the query. What it does must not depend on the values.
 * @returns The query with values in its slots.
 *
 * @example
 * ```ts
 * const touch = preparedQuery<{ id: string; now: number }>((slot) =>
 *   queries.updateTable('airlock_sessions').set({ updated_at: slot('now') }).where('session_id', '=', slot('id')),
 * )
 * await database.together([touch({ id: 'ses_1', now: Date.now() })])
 * ```
 */
export function preparedQuery<V extends object>(
  build: (slot: Slots<V>) => Compilable,
): (values: V) => Compilable {
  let template: CompiledQuery | null = null
  return (values) => ({
    compile<O>(): CompiledQuery<O> {
      // A slot is no value of any type; it never leaves this file.
      template ??= build((name) => new Slot(name) as never).compile()
      const parameters = template.parameters.map((parameter) =>
        parameter instanceof Slot ? values[parameter.name as keyof V] : parameter,
      )
      return { ...(template as CompiledQuery<O>), parameters }
    },
  })
}
