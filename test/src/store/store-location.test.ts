import { describe, expect, it } from 'vitest'
import { parseStoreLocation, type StoreLocation } from '../../../src/store/store-location.ts'

describe('the location of a store', () => {
  it('is a file or memory where it is a path', () => {
    for (const path of [':memory:', 'data/shop.db', '/tmp/a b.db', 'C.db']) {
      expect(parseStoreLocation(path)).toEqual({ engine: 'sqlite', path })
    }
  })

  it('is a PostgreSQL database where it is a URL of one', () => {
    const place = parseStoreLocation(
      'postgres://ann:pw@db.example:6000/shop?sslmode=require&schema=s1',
    )
    expect(place).toMatchObject({ engine: 'postgresql', schema: 's1', maxConnections: 8 })
    expect(String(Object(place).connection.url)).toBe(
      'postgres://ann:pw@db.example:6000/shop?sslmode=require',
    )
    expect(parseStoreLocation('postgresql:///shop')).toMatchObject({ schema: 'airlock' })
  })

  it('is one by its parts', () => {
    const parts = { host: 'db', database: 'shop', schema: 's2', maxConnections: 2 }
    expect(parseStoreLocation(parts)).toEqual({
      engine: 'postgresql',
      connection: { host: 'db', database: 'shop' },
      schema: 's2',
      maxConnections: 2,
    })
  })

  const refused: Record<string, unknown> = {
    'an empty text': '',
    nothing: null,
    'a number': 5,
    'the URL of something else': 'mysql://ann:s3cret@db/shop',
    'a file URL': 'file:store.db',
    'a URL that is none': 'postgresql://ann:s3cret@[/shop',
    'a part that is unknown': { host: 'db', schem: 'x', password: 's3cret' },
    'a schema that would have to be quoted': 'postgresql://ann:s3cret@db/shop?schema=a"b',
    'a schema that smuggles in a setting': { schema: 'a -c fsync=off' },
    'a schema of the server': { schema: 'pg_temp' },
    'one connection, which would leave none for readers': { maxConnections: 1 },
    'too many connections': { maxConnections: 101 },
  }
  for (const [name, location] of Object.entries(refused)) {
    it(`is not ${name}, and the refusal shows nothing of it`, () => {
      const parse = () => parseStoreLocation(location as StoreLocation)
      expect(parse).toThrow(expect.objectContaining({ code: 'ERR_CONFIGURATION' }))
      expect(parse).not.toThrow(/s3cret/)
    })
  }
})
