import { redactText } from '../audit/redact-text.ts'
import type { JournalAnswer } from '../journal/run-journal.ts'
import type { Tool } from './tool-host.ts'

const MAX_ERROR_LENGTH = 4_096

/** A refusal, as the program sees it. */
export function denied(message: string): JournalAnswer {
  return { kind: 'error', code: 'ERR_TOOL_DENIED', message }
}

/** A failure, as the program sees it. */
export function failed(message: string): JournalAnswer {
  return { kind: 'error', code: 'ERR_TOOL_FAILED', message }
}

/** What a program is told of an argument that the tool's schema refuses. */
export function invalidArguments(tool: Tool, problems: readonly string[]): JournalAnswer {
  return failed(`Invalid arguments for tool "${tool.name}": ${problems.join('; ')}`)
}

/**
 * What a program is told of a tool that threw. The tool's author wrote its messages for programs; those
 * of the operating system hold addresses and paths of the host and stay in the log.
 */
export function wordFailure(tool: Tool, error: unknown): string {
  if (!(error instanceof Error)) return `Tool "${tool.name}" failed`
  if (isOfHost(error)) return `Tool "${tool.name}" failed: the host could not do it`
  return redactText(error.message).slice(0, MAX_ERROR_LENGTH)
}

/** Whether a failure is the operating system's, and not one that the tool's author put into words. */
export function isOfHost(error: unknown): boolean {
  return error instanceof Error && ('syscall' in error || 'errno' in error)
}
