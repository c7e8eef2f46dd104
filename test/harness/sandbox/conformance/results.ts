import { AREAS } from './areas.ts'
import { scriptOf } from './check.ts'
import { type EngineUnderTest, runScript } from './run-in-engine.ts'

/** What every check of an area gave in a realm, by name: JSON text, or words for another ending. */
export async function resultsOf(
  engine: EngineUnderTest,
  area: string,
): Promise<Readonly<Record<string, string>>> {
  const results: Record<string, string> = {}
  for (const [name, check] of Object.entries(AREAS[area] ?? {})) {
    const options = { data: { n: 7 }, tools: ['echo', 'fail'] }
    const { ending } = await runScript(engine, scriptOf(check), options)
    results[name] =
      ending.kind === 'returned'
        ? JSON.stringify(ending.value)
        : ending.kind === 'threw'
          ? `threw ${ending.error.name}: ${ending.error.message}`
          : JSON.stringify(ending)
  }
  return results
}
