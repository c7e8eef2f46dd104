import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { nextRecord } from '../../../src/audit/audit-record.ts'
import type { AuditCheckpoint } from '../../../src/audit/checkpoint.ts'
import { readSigningKey } from '../../../src/audit/signing-key.ts'
import { verifyExport } from '../../../src/audit/verify-export.ts'
import { openStore } from '../../../src/store/open-store.ts'
import { newSigningKey } from '../../../src/store/store-secrets.ts'
import { exportOf, recordRuns, recordsOf } from './audit-traces.ts'

const key = newSigningKey()

describe('an export of the audit chain', () => {
  let lines: string[] = []
  let checkpoint: AuditCheckpoint | null = null

  beforeAll(async () => {
    const store = await openStore(':memory:', { secrets: { signingKey: key } })
    await recordRuns(store, 10, 'early')
    await store.auditLog.checkpoint()
    await recordRuns(store, 10, 'late')
    checkpoint = await store.auditLog.checkpoint()
    await recordRuns(store, 2, 'unsigned')
    lines = await exportOf(store)
    await store.close()
  })

  const verify = (changed: readonly string[]) =>
    verifyExport(changed, checkpoint === null ? {} : { expected: [checkpoint] })

  it('is intact as it was made', async () => {
    expect(await verify(lines)).toMatchObject({
      ...{ isIntact: true, broken: null, problems: [], records: 45, first: 1, last: 45 },
      signedUpTo: 41,
    })
  })

  it('tells of any changed byte of any record, and of which', async () => {
    const records = recordsOf(lines)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(records.length - 1),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (which, where, bits) => {
          const record = records[which]
          if (record === undefined) throw new TypeError('There is no such record')
          const bytes = Buffer.from(lines[record.place] ?? '')
          const at = where % bytes.length
          bytes[at] = (bytes[at] ?? 0) ^ bits
          const report = await verify(lines.with(record.place, bytes.toString('latin1')))
          expect(report.isIntact).toBe(false)
          expect(report.broken?.position).toBe(record.position)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('tells of any changed byte of whatever else is in it', async () => {
    const others = lines.flatMap((text, place) => (text.includes('"record"') ? [] : [place]))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...others),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (place, where, bits) => {
          const bytes = Buffer.from(lines[place] ?? '')
          const at = where % bytes.length
          bytes[at] = (bytes[at] ?? 0) ^ bits
          expect((await verify(lines.with(place, bytes.toString('latin1')))).isIntact).toBe(false)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('tells of records that were taken out, and of the first of them', async () => {
    const records = recordsOf(lines)
    for (const { place, position } of records) {
      const { isIntact, broken } = await verify(lines.toSpliced(place, 1))
      expect({ isIntact, position: broken?.position }).toEqual({ isIntact: false, position })
    }
  })

  it('tells of two records that changed places, and of the first of them', async () => {
    const records = recordsOf(lines)
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(records.length - 1), { minLength: 2, maxLength: 2 }),
        async (pair) => {
          const [a, b] = pair.toSorted((x, y) => x - y).map((index) => records[index])
          if (a === undefined || b === undefined) throw new TypeError('There are no such records')
          const swapped = lines
            .with(a.place, lines[b.place] ?? '')
            .with(b.place, lines[a.place] ?? '')
          const { isIntact, broken } = await verify(swapped)
          expect({ isIntact, position: broken?.position }).toEqual({
            isIntact: false,
            position: a.position,
          })
        },
      ),
    )
  })

  it('tells of a tail that was cut off, by its end and by a checkpoint kept elsewhere', async () => {
    const records = recordsOf(lines)
    for (const { place, position } of records) {
      const cut = lines.slice(0, place)
      expect((await verify(cut)).broken).toMatchObject({ fault: 'truncated', position })
      if (position === 1) continue
      const last = records.find((record) => record.position === position - 1)
      const end = { type: 'end', position: position - 1, hash: last?.hash ?? '' }
      const closed = [
        ...cut,
        JSON.stringify({ hash: end.hash, position: end.position, type: 'end' }),
      ]
      const { isIntact, broken } = await verify(closed)
      if (position <= 41) expect(broken?.position).toBe(position)
      // What no checkpoint was kept of can be cut off by whoever has the store.
      else expect(isIntact).toBe(true)
    }
  })

  it('tells of a record written anew with everything behind it', async () => {
    const records = recordsOf(lines)
    const forged = forge(lines, 21)
    expect((await verifyExport(forged)).broken).toMatchObject({ fault: 'checkpoint', position: 1 })
    const afterFirst = forge(lines, 30)
    expect((await verifyExport(afterFirst)).broken).toMatchObject({
      ...{ fault: 'checkpoint', position: 22 },
    })
    expect(records).toHaveLength(45)
    // Nobody signed this part yet.
    expect((await verifyExport(forge(lines, 43))).isIntact).toBe(true)
  })

  it('tells of an expected checkpoint of another chain', async () => {
    const other = await openStore(':memory:')
    await recordRuns(other, 1)
    const expected = [(await other.auditLog.checkpoint()) ?? unexpected()]
    await other.close()
    expect((await verifyExport(lines, { expected })).isIntact).toBe(false)
  })

  it('is believed by the trusted key alone', async () => {
    const { publicKey } = readSigningKey(key)
    expect((await verifyExport(lines, { trustedKey: publicKey })).isIntact).toBe(true)
    const { publicKey: stranger } = readSigningKey(newSigningKey())
    expect((await verifyExport(lines, { trustedKey: stranger })).broken).toMatchObject({
      fault: 'key',
    })
  })
})

describe('what is no export', () => {
  for (const [name, lines] of Object.entries({
    'an empty file': [],
    'another text': ['hello'],
    'JSON of something else': ['{"type":"airlock"}'],
    'a null': ['null'],
  })) {
    it(`is not intact: ${name}`, async () => {
      expect((await verifyExport(lines)).isIntact).toBe(false)
    })
  }
})

/** Changes the record at a position, and all hashes after it so that they fit. */
function forge(lines: readonly string[], position: number): string[] {
  const records = recordsOf(lines)
  let previous = records[position - 2] ?? unexpected()
  const forged = [...lines]
  for (const record of records.slice(position - 1)) {
    const { place, kind, at, runId, payload } = record
    const changed = record.position === position ? `${payload} ` : (payload ?? '')
    const link = { kind: kind as 'erasure', runId, payload: changed }
    const next = nextRecord(previous, link, at)
    forged[place] = sorted({ ...next, type: 'record', payload: changed })
    previous = { ...record, ...next }
  }
  forged[forged.length - 1] = sorted({
    type: 'end',
    position: previous.position,
    hash: previous.hash,
  })
  return forged
}

function sorted(line: object): string {
  return JSON.stringify(
    Object.fromEntries(Object.entries(line).sort(([a], [b]) => (a < b ? -1 : 1))),
  )
}

function unexpected(): never {
  throw new TypeError('There should have been one')
}
