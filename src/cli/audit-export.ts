import { createWriteStream } from 'node:fs'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { readChain } from '../audit/audit-export.ts'
import { writeLine } from '../audit/audit-lines.ts'
import { openDatabase } from '../store/database.ts'
import { storeOf } from './audit-store.ts'

/** Writes the chain of a store as lines. Needs no secret: what is personal stays encrypted. */
export async function auditExport(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { out: { type: 'string' } },
  })
  const database = await openDatabase(storeOf(positionals))
  try {
    await pipeline(Readable.from(chainText(database)), target(values.out))
    return 0
  } finally {
    await database.close()
  }
}

async function* chainText(database: Parameters<typeof readChain>[0]): AsyncGenerator<string> {
  for await (const line of readChain(database)) yield `${writeLine(line)}\n`
}

function target(file: string | undefined): Writable {
  if (file !== undefined) return createWriteStream(file, { mode: 0o600, flags: 'wx' })
  return new Writable({
    write(chunk, _, done) {
      process.stdout.write(chunk, done)
    },
  })
}
