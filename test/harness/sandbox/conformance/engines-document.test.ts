import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { currentDocument, DOCUMENT, TABLE_NAMES, tablesIn } from './engines-document.ts'
import { type EngineUnderTest, engines, runBody } from './run-in-engine.ts'
import { WEB_GLOBALS } from './web-globals.ts'

let both: readonly EngineUnderTest[] = []
beforeAll(async () => {
  both = await engines()
})

describe('the document about the engines', () => {
  it('has every table, as the data has it', () => {
    const document = readFileSync(DOCUMENT, 'utf8')
    expect(tablesIn(document)).toEqual(TABLE_NAMES)
    expect(document).toBe(currentDocument())
  })
})

describe('the globals beside the language', () => {
  it('are there in every realm, and there are no others', async () => {
    const listed = WEB_GLOBALS.flatMap(({ names }) => names)
    const body = `const bare = new Set(data); return Object.getOwnPropertyNames(globalThis).filter((name) => !bare.has(name)).sort()`
    const data = LANGUAGE.split(' ')
    for (const engine of both) {
      const found = (await runBody(engine, body, { data })) as string[]
      expect([engine.name, found]).toEqual([engine.name, [...listed].sort()])
    }
  })
})

/** The globals of the language itself. */
const LANGUAGE =
  'globalThis undefined NaN Infinity Object Function Array Number Boolean String Symbol BigInt Date RegExp Promise Proxy Reflect JSON Math Map Set WeakMap WeakSet WeakRef FinalizationRegistry Iterator ArrayBuffer SharedArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float16Array Float32Array Float64Array Error EvalError RangeError ReferenceError SyntaxError TypeError URIError AggregateError SuppressedError DisposableStack AsyncDisposableStack parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape eval'
