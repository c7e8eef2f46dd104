import { describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../../../harness/errors.ts'
import { DataPolicy, type DataPolicyOptions } from '../../../../harness/policy/data-policy.ts'

describe('DataPolicy options', () => {
  const wrong: Record<string, readonly [unknown, RegExp]> = {
    'an unknown option': [
      { readableTables: [], writeableTables: [] },
      /writeableTables.*"writableTables"/,
    ],
    'a missing list': [{}, /readableTables/],
    'an entry that is no string': [{ readableTables: [1] }, /readableTables/],
    'a table with three parts': [{ readableTables: ['a.b.c'] }, /"a\.b\.c"/],
    'an empty table name': [{ readableTables: [''] }, /readableTables/],
    'a restricted column without a table': [
      { readableTables: [], restrictedColumns: ['email'] },
      /"email"/,
    ],
    'a restricted table without a column': [
      { readableTables: [], restrictedColumns: ['a.*'] },
      /"a\.\*"/,
    ],
    'a restricted column that the schema does not have': [
      { readableTables: [], restrictedColumns: ['a.emial'], schema: { a: ['id', 'email'] } },
      /"a\.emial".*"email"/,
    ],
    'a schema that is a list': [{ readableTables: [], schema: [] }, /schema/],
    'a table without columns in the schema': [{ readableTables: [], schema: { a: 'id' } }, /"a"/],
    'a row limit of zero': [{ readableTables: [], maxResultRows: 0 }, /maxResultRows/],
    'a qualified function': [{ readableTables: [], allowedFunctions: ['a.f'] }, /"a\.f"/],
    'denyDdl as a string': [{ readableTables: [], denyDdl: 'no' }, /denyDdl/],
    'a readable table that the schema does not have': [
      { readableTables: ['oders'], schema: { orders: ['id'], customers: ['id'] } },
      /"oders".*"orders"/,
    ],
    'a writable table that the schema does not have': [
      { readableTables: [], writableTables: ['cart'], schema: { orders: ['id'], carts: ['id'] } },
      /"cart".*"carts"/,
    ],
    'a table of another spelling': [
      { readableTables: ['Orders'], schema: { orders: ['id'] } },
      /"Orders".*"orders"/,
    ],
    'a restricted column of a table that the schema does not have': [
      {
        readableTables: ['orders'],
        restrictedColumns: ['custmers.email'],
        schema: { orders: ['id'], customers: ['email'] },
      },
      /"custmers\.email".*"customers"/,
    ],
    'a restricted column that no table has': [
      {
        readableTables: ['a'],
        restrictedColumns: ['*.pasword'],
        schema: { a: ['id', 'password'] },
      },
      /"\*\.pasword".*"password"/,
    ],
    'a readable table of which nothing is left': [
      {
        readableTables: ['a'],
        restrictedColumns: ['a.id', '*.name'],
        schema: { a: ['id', 'name'] },
      },
      /"a"/,
    ],
    'a star beside a table': [{ readableTables: ['*', 'orders'] }, /"\*".*readableTables/],
    'a system catalogue': [{ readableTables: ['pg_catalog.pg_roles'] }, /pg_catalog/],
    'DDL on no table': [{ readableTables: ['a'], denyDdl: false }, /denyDdl/],
    'an unknown mode': [{ readableTables: [], mode: 'watch' }, /mode/],
  }

  const tenancy = {
    readableTables: ['orders', 'products'],
    schema: { orders: ['id', 'tenant_id', 'note'], products: ['id'] },
    rowFilter: { orders: 'tenant_id = :tenantId', products: 'TRUE' },
  }

  const wrongFilters: Record<string, readonly [Partial<DataPolicyOptions>, RegExp]> = {
    'without a schema': [{ schema: undefined as never }, /schema/],
    'for a table that is not readable': [
      { rowFilter: { ...tenancy.rowFilter, ordres: 'TRUE' } },
      /"ordres".*"orders"/,
    ],
    'for a table that the schema does not have': [
      { readableTables: ['*'], rowFilter: { product: 'TRUE' } },
      /"product".*"products"/,
    ],
    'that leaves a readable table out': [{ rowFilter: { orders: 'TRUE' } }, /"products"/],
    'for a table that can be written': [{ writableTables: ['orders'] }, /"orders".*writableTables/],
    'outside the default schema': [
      {
        readableTables: ['sales.orders'],
        schema: { 'sales.orders': ['id', 'tenant_id'] },
        rowFilter: { 'sales.orders': 'tenant_id = :tenantId' },
      },
      /"sales\.orders"/,
    ],
    'on a column that the table does not have': [
      { rowFilter: { ...tenancy.rowFilter, orders: 'tenantid = :tenantId' } },
      /"tenantid".*"tenant_id"/,
    ],
    'that binds something else': [
      { rowFilter: { ...tenancy.rowFilter, orders: 'tenant_id = :role' } },
      /:userId and :tenantId/,
    ],
    'with a question mark': [
      { rowFilter: { ...tenancy.rowFilter, orders: 'tenant_id = ?' } },
      /:userId and :tenantId/,
    ],
    'that reads another table': [
      { rowFilter: { ...tenancy.rowFilter, orders: 'id IN (SELECT id FROM products)' } },
      /SELECT/,
    ],
    'that ends early': [
      { rowFilter: { ...tenancy.rowFilter, orders: 'tenant_id = :tenantId) OR (1 = 1' } },
      /balanced/,
    ],
    'with a comment': [
      { rowFilter: { ...tenancy.rowFilter, orders: 'tenant_id = :tenantId -- x' } },
      /comments/,
    ],
    'that is empty': [{ rowFilter: { ...tenancy.rowFilter, orders: ' ' } }, /empty/],
    'that is no text': [{ rowFilter: { ...tenancy.rowFilter, orders: 1 as never } }, /"orders"/],
    'in a policy that only observes': [{ mode: 'observe' }, /observe/],
  }

  it.each(Object.entries(wrongFilters))('refuses a row filter %s', (_, [change, message]) => {
    const bad = Object.fromEntries(
      Object.entries({ ...tenancy, ...change }).filter(([, value]) => value !== undefined),
    )
    expect(() => new DataPolicy(bad as unknown as DataPolicyOptions)).toThrow(ConfigurationError)
    expect(() => new DataPolicy(bad as unknown as DataPolicyOptions)).toThrow(message)
  })

  const right: Record<string, Partial<DataPolicyOptions>> = {
    'a plain row filter': {},
    'a row filter with functions, literals and casts': {
      rowFilter: {
        ...tenancy.rowFilter,
        orders: `lower("tenant_id") = lower(CAST(:tenantId AS text)) AND note IS DISTINCT FROM 'a;b' AND id::text <> :userId`,
      },
    },
    'tables with their default schema': {
      readableTables: ['public.orders', 'main.products'],
      restrictedColumns: ['public.orders.NOTE'],
    },
    'a table to be made': { writableTables: ['scratch'], denyDdl: false },
  }

  it.each(Object.entries(right))('accepts %s', async (_, change) => {
    await new DataPolicy({ ...tenancy, ...change }).close()
  })

  it.each(Object.entries(wrong))('refuses %s and names it', (_, [bad, message]) => {
    expect(() => new DataPolicy(bad as DataPolicyOptions)).toThrow(ConfigurationError)
    expect(() => new DataPolicy(bad as DataPolicyOptions)).toThrow(message)
  })

  it('exposes the row limit for the tool', () => {
    expect(new DataPolicy({ readableTables: [], maxResultRows: 100 }).maxResultRows).toBe(100)
    expect(new DataPolicy({ readableTables: [] }).maxResultRows).toBeUndefined()
  })
})
