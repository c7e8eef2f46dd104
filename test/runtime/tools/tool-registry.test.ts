import { describe, expect, it } from 'vitest'
import { jsonSchema } from '../../../runtime/tools/json-schema.ts'
import { defineTool } from '../../../runtime/tools/tool.ts'
import { ToolRegistry } from '../../../runtime/tools/tool-registry.ts'

function tool(name: string) {
  return defineTool({
    name,
    description: 'Does nothing',
    input: jsonSchema({}),
    readOnly: true,
    run: () => null,
  })
}

describe('ToolRegistry', () => {
  it('finds a tool by its exact name only', () => {
    const registry = new ToolRegistry()
    const list = tool('list')
    registry.register(list)
    expect(registry.get('list')).toBe(list)
    expect([registry.has('list'), registry.has('List'), registry.has('toString')]).toEqual([
      true,
      false,
      false,
    ])
    expect(registry.get('constructor')).toBeUndefined()
    expect(registry.list()).toEqual([list])
  })

  it('refuses another tool of the same name and takes the same one again', () => {
    const registry = new ToolRegistry()
    const list = tool('list')
    registry.register(list)
    registry.register(list)
    expect(() => registry.register(tool('list'))).toThrow(
      expect.objectContaining({ code: 'ERR_CONFIGURATION' }),
    )
    expect(registry.get('list')).toBe(list)
  })
})
