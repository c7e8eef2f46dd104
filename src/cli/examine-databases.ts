import { AgenticError, type Tool } from '../../harness/index.ts'
import type { DatabaseWall } from '../tools/sql-source.ts'
import type { SqlTool } from '../tools/sql-tool.ts'
import { loadTools } from './check-modules.ts'

/** The second wall of one SQL tool: what its database itself would refuse. */
export interface DatabaseReport {
  readonly tool: string
  readonly dialect: string
  /** Empty when the database could not be reached. */
  readonly walls: readonly DatabaseWall[]
  /** Why it could not be reached. */
  readonly error: string | null
}

/**
 * Tries the walls of every SQL tool that a module exports, each on a real connection, and closes the tools.
 *
 * @throws {ConfigurationError} The module cannot be loaded, or exports no SQL tool.
 */
export async function examineDatabases(module: string): Promise<readonly DatabaseReport[]> {
  const tools = await loadTools(module)
  const databases: DatabaseReport[] = []
  for (const tool of tools) {
    if (tool.sql !== undefined) databases.push(await examine(tool, tool.sql.dialect))
    await tool.close?.()
  }
  return databases
}

/** Whether everything was tried and stands. */
export function areWallsUp(databases: readonly DatabaseReport[]): boolean {
  return databases.every(
    ({ walls, error }) => error === null && walls.every(({ isUp }) => isUp) && walls.length > 0,
  )
}

async function examine(tool: Tool, dialect: string): Promise<DatabaseReport> {
  const about = { tool: tool.name, dialect }
  if (!hasWalls(tool)) {
    const error = 'The tool says nothing of its database: only tools made with sqlTool can be tried'
    return { ...about, walls: [], error }
  }
  try {
    return { ...about, walls: await tool.walls(), error: null }
  } catch (error) {
    if (!(error instanceof AgenticError)) throw error
    return { ...about, walls: [], error: `${error.code}: ${error.message}` }
  }
}

function hasWalls(tool: Tool): tool is SqlTool {
  return 'walls' in tool && typeof tool.walls === 'function'
}
