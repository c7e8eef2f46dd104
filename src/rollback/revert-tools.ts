import type { Tool } from '../../harness/index.ts'
import type { AgentEndpoint } from '../agent-endpoint.ts'
import type { DoneCall } from './rollback-plan.ts'

/**
 * The endpoint as a rollback meets it: every tool undoes instead of doing. Policies, approval rules and
 * limits stay as they are, and judge each call by the tool's name and the argument it had.
 *
 * @param runId - The run that is undone.
 * @param calls - In the order in which they are undone.
 */
export function revertingEndpoint(
  endpoint: AgentEndpoint,
  runId: string,
  calls: readonly DoneCall[],
): AgentEndpoint {
  const { intentScope: _, toolTypes: __, ...rest } = endpoint
  return {
    ...rest,
    handler: null,
    // The result is a list of ours, whatever the endpoint's own programs have to answer with.
    validators: [],
    typeCheck: 'off',
    tools: endpoint.tools.map((tool) => reverting(tool, runId, calls)),
  }
}

function reverting(tool: Tool, runId: string, calls: readonly DoneCall[]): Tool {
  const { output: _, ...same } = tool
  return {
    ...same,
    description: `Undoes a call of ${tool.name}`,
    // What reached the tool then has passed its schema; it comes from the journal and from nowhere else.
    input: { jsonSchema: {}, validate: (value) => ({ ok: true, value }) },
    readOnly: false,
    async run(argument, context) {
      // Its calls are made one after the other, so their places are those of the list.
      const call = calls[context.seq]
      if (call === undefined || call.tool !== tool.name || tool.revert === undefined) {
        throw new TypeError('This call is not part of the rollback')
      }
      // One key per call that is undone, however many rollbacks it takes.
      const idempotencyKey = `${runId}:${call.seq}:revert`
      return tool.revert(argument, call.answer, { ...context, idempotencyKey })
    },
  }
}
