import { readLine } from './audit-lines.ts'
import { type AuditReport, ChainVerifier, type VerifyOptions } from './verify-chain.ts'

/**
 * Checks an export, with nothing but the export.
 *
 * @param lines - Its lines, in order, without line ends.
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyOptions = {},
): Promise<AuditReport> {
  const verifier = new ChainVerifier(options)
  for await (const text of lines) verifier.take(readLine(text))
  return verifier.finish()
}
