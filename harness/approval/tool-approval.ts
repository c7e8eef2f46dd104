import { ConfigurationError } from '../errors.ts'
import type { Tool } from '../sandbox/tool-host.ts'
import { ApprovalRule } from './approval-rule.ts'

/** Whom a tool's own `'always'` asks. */
const ALWAYS_ASKS = [{ role: 'admin' }] as const

/**
 * The rule that a tool brings with it, wherever it is granted; `null` when it brings none. `'always'` asks
 * role `admin` about each call.
 */
export function ruleOfTool({
  name,
  approval,
}: Pick<Tool, 'name' | 'approval'>): ApprovalRule | null {
  if (approval === undefined) return null
  if (approval !== 'always') return approval
  return new ApprovalRule({
    name: `tool ${name}`,
    requireForTools: [name],
    approvers: ALWAYS_ASKS,
  })
}

/**
 * Reads a tool's `approval`. A rule that would not hold the tool's calls, or would hold anything else,
 * would say something that nobody enforces.
 *
 * @throws {ConfigurationError} Names the tool and what is wrong.
 */
export function checkToolApproval(
  tool: Pick<Tool, 'name' | 'readOnly'>,
  approval: unknown,
): asserts approval is Tool['approval'] {
  if (approval === undefined || approval === 'always') return
  if (!(approval instanceof ApprovalRule)) {
    throw new ConfigurationError(
      `Tool ${tool.name}: approval is 'always' or an ApprovalRule, left out when nobody is asked`,
    )
  }
  const { requireForActions, requireForDomains, requireForTools } = approval
  const isForCalls =
    requireForDomains.length === 0 && requireForActions.every((action) => action === 'write')
  const isForItAlone = requireForTools.every((name) => name === tool.name)
  if (isForCalls && isForItAlone && approval.matchesCall({ tool })) return
  throw new ConfigurationError(
    `Tool ${tool.name}: its approval rule "${approval.name}" must hold calls of this tool and nothing else: requireForTools: ['${tool.name}']`,
  )
}
