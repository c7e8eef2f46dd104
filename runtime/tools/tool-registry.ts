import { ConfigurationError, type Tool } from '../../harness/index.ts'

/** The tools a host knows, by name. Knowing a tool grants it to nobody. */
export class ToolRegistry {
  readonly #tools = new Map<string, Tool>()

  /** @throws {ConfigurationError} When another tool has the name already. */
  register(tool: Tool): void {
    const known = this.#tools.get(tool.name)
    if (known === tool) return
    if (known !== undefined) {
      throw new ConfigurationError(`There are two tools named ${tool.name}; rename one of them`)
    }
    this.#tools.set(tool.name, tool)
  }

  /** The tool with this exact name, if there is one. */
  get(name: string): Tool | undefined {
    return this.#tools.get(name)
  }

  has(name: string): boolean {
    return this.#tools.has(name)
  }

  /** Every tool, in the order of registration. */
  list(): readonly Tool[] {
    return [...this.#tools.values()]
  }
}
