import { createPublicKey } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ConfigurationError } from '../../harness/index.ts'
import { readLine, writeLine } from '../audit/audit-lines.ts'
import type { AuditCheckpoint } from '../audit/checkpoint.ts'
import type { AuditReport, VerifyOptions } from '../audit/verify-chain.ts'
import { verifyExport } from '../audit/verify-export.ts'
import { openStore } from '../store/open-store.ts'
import { storeOf, UsageError } from './audit-store.ts'

/** Checks an export or a store, and says what was found. */
export async function auditVerify(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      store: { type: 'string' },
      'expect-checkpoint': { type: 'string', multiple: true, default: [] },
      key: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const { store, key } = values
  const options: VerifyOptions = {
    expected: values['expect-checkpoint'].flatMap(readCheckpoints),
    ...(key === undefined ? {} : { trustedKey: readPublicKey(key) }),
  }
  const [file, ...others] = positionals
  const isOne = store === undefined ? file !== undefined && others.length === 0 : file === undefined
  if (!isOne) throw new UsageError('Name one export, or one store with --store')
  const report =
    store === undefined
      ? await verifyExport(linesOf(file ?? ''), options)
      : await verifyOpened(storeOf([store]), options)
  console.log(values.json ? JSON.stringify(report, null, 2) : describe(report).join('\n'))
  return report.isIntact ? 0 : 1
}

async function verifyOpened(location: string, options: VerifyOptions): Promise<AuditReport> {
  const store = await openStore(location)
  try {
    return await store.auditLog.verify(options)
  } finally {
    await store.close()
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  if (!existsSync(file)) throw new ConfigurationError('There is no such export')
  // Line feeds alone end a line: any other byte belongs to it, and must be what it was.
  let rest = ''
  for await (const chunk of createReadStream(file, 'latin1')) {
    const lines = (rest + String(chunk)).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.map(decode)
  }
  if (rest !== '') yield decode(rest)
}

/** Bytes that are not UTF-8 must not become a text that looks as if nothing had happened. */
function decode(line: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      Buffer.from(line, 'latin1'),
    )
  } catch {
    return ''
  }
}

/** One checkpoint, or one per line. */
function readCheckpoints(file: string): AuditCheckpoint[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return lines.map((text) => {
    const line = readLine(writeLine({ type: 'checkpoint', ...JSON.parse(text) }))
    if (line?.type === 'checkpoint') return line
    throw new ConfigurationError(
      'A checkpoint file holds what `airlock audit checkpoint` prints, one per line',
    )
  })
}

function readPublicKey(file: string): string {
  try {
    const key = createPublicKey(readFileSync(file, 'utf8'))
    return key.export({ type: 'spki', format: 'der' }).toString('base64')
  } catch (cause) {
    throw new ConfigurationError(
      'A key file holds what `airlock audit key` prints: an Ed25519 public key in PEM',
      { cause },
    )
  }
}

function describe(report: AuditReport): string[] {
  const { isIntact, records, first, last, signedUpTo, problems, notes, broken } = report
  const range = records === 0 ? 'no records' : `records ${first} to ${last}`
  return [
    isIntact ? `Intact: ${range}, signed up to ${signedUpTo}` : `BROKEN: ${broken?.message}`,
    ...problems.slice(1, 20).map(({ message }) => `  also: ${message}`),
    ...(problems.length > 20 ? [`  and ${problems.length - 20} more`] : []),
    ...notes.map((note) => `  note: ${note}`),
  ]
}
