import type { Tool } from '../sandbox/tool-host.ts'
import type { JournalEntry } from './run-journal.ts'

/**
 * The calls of a run that were on their way when its process died, that may have had an effect, and that
 * nobody may therefore repeat before a person has said what became of them. A tool that is `readOnly` or
 * `idempotent` by the host's word of today is repeated; one that is not granted any more is not.
 *
 * @param entries - The journal of the run, of its current program only.
 */
export function unknownCalls(
  entries: readonly JournalEntry[],
  tools: ReadonlyMap<string, Pick<Tool, 'readOnly' | 'idempotent'>>,
): readonly JournalEntry[] {
  return entries.filter(({ answer, isReleased, tool: name }) => {
    if (answer !== undefined || isReleased === true) return false
    const tool = tools.get(name)
    return tool === undefined || !(tool.readOnly || tool.idempotent)
  })
}
