import type { DataPolicyOptions } from '../../../../harness/policy/data-policy.ts'
import type { Requester } from '../../../../harness/requester.ts'

/** The user whose rows may be seen. */
export const ALICE: Requester = { userId: 'alice', roles: [], tenantId: 'acme' }

export const shopPolicy: DataPolicyOptions = {
  readableTables: ['customers', 'orders', 'products', 'carts'],
  writableTables: ['carts'],
  restrictedColumns: ['customers.email'],
  schema: {
    customers: ['id', 'tenant_id', 'name', 'email', 'city'],
    orders: ['id', 'tenant_id', 'customer_id', 'status', 'total', 'note'],
    products: ['id', 'name', 'price'],
    carts: ['id', 'product_id', 'qty'],
    every_order: ['id', 'total'],
  },
  rowFilter: {
    customers: 'tenant_id = :tenantId',
    orders: "tenant_id = :tenantId AND status <> 'draft'",
    products: 'TRUE',
    carts: 'TRUE',
  },
}

/** The same with nothing else in the way, so that only the row filter can deny. */
export const openShopPolicy: DataPolicyOptions = {
  ...shopPolicy,
  readableTables: ['*'],
  writableTables: ['*'],
  restrictedColumns: [],
}

const TABLES = `
CREATE TABLE customers (id INTEGER PRIMARY KEY, tenant_id TEXT, name TEXT, email TEXT, city TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, tenant_id TEXT, customer_id INTEGER, status TEXT,
  total INTEGER, note TEXT);
CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price INTEGER);
CREATE TABLE carts (id INTEGER PRIMARY KEY, product_id INTEGER, qty INTEGER);
CREATE VIEW every_order AS SELECT id, total FROM orders;
INSERT INTO products VALUES (1, 'lamp', 30), (2, 'desk', 200);
INSERT INTO carts VALUES (1, 1, 2), (2, 2, 1);
INSERT INTO customers VALUES (1, 'acme', 'Ada', 'ada@acme.test', 'Bern'), (2, 'acme', 'Abe', 'abe@acme.test', 'Rom');
INSERT INTO orders VALUES (1, 'acme', 1, 'paid', 10, '11'), (2, 'acme', 1, 'open', 20, '12'),
  (3, 'acme', 2, 'paid', 30, NULL);
`

// What another tenant has: values that appear nowhere else, and texts that break a conversion.
const FOREIGN_ROWS = `
INSERT INTO customers VALUES (1001, 'rival', 'FOREIGN', 'f@rival.test', 'FOREIGN');
INSERT INTO orders VALUES (1001, 'rival', 1001, 'paid', 900000, 'FOREIGN'),
  (1002, 'rival', 1, 'paid', 0, '{'), (1003, 'acme', 1, 'draft', 900001, 'FOREIGN');
`

/** The database with the rows of a rival tenant, and as it would be without them. */
export const DATABASES: { readonly shared: string; readonly own: string } = {
  shared: TABLES + FOREIGN_ROWS,
  own: TABLES,
}

/** Statements that every dialect runs, and that must see the requester's rows only. */
export const narrowed: Readonly<Record<string, string>> = {
  'a plain query': 'SELECT * FROM orders',
  'an alias': 'SELECT o.id, o.note FROM orders AS o',
  'a qualified column': 'SELECT orders.note FROM orders',
  'an upper-case name': 'SELECT Note FROM ORDERS',
  'a quoted name': 'SELECT "note" FROM "orders"',
  'a self join': 'SELECT a.id, b.id FROM orders a JOIN orders b ON a.customer_id = b.customer_id',
  'a comma join of itself': 'SELECT a.note, b.note FROM orders a, orders b',
  'an outer join from an open table':
    'SELECT p.id, o.id FROM products p LEFT JOIN orders o ON o.customer_id = p.id',
  'two filtered tables':
    'SELECT c.name, sum(o.total) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.name',
  'a join with USING': 'SELECT count(*) FROM customers JOIN orders USING (tenant_id)',
  'a parenthesised join':
    'SELECT count(*) FROM ((orders o JOIN customers c ON o.customer_id = c.id))',
  'a union': 'SELECT id FROM products UNION ALL SELECT id FROM orders',
  'a union of it with itself': 'SELECT note FROM orders UNION ALL SELECT note FROM orders',
  'a subquery in FROM': 'SELECT * FROM (SELECT id, note FROM orders) x',
  'a derived table of its name': 'SELECT * FROM (SELECT id, note FROM orders) orders',
  'a scalar subquery': 'SELECT (SELECT max(total) FROM orders)',
  'a correlated subquery':
    'SELECT p.id, (SELECT count(*) FROM orders o WHERE o.customer_id = p.id) FROM products p',
  EXISTS: 'SELECT id FROM products p WHERE EXISTS (SELECT 1 FROM orders WHERE total >= 900000)',
  'a membership': 'SELECT id FROM products WHERE id IN (SELECT customer_id FROM orders)',
  HAVING: 'SELECT count(*) FROM products HAVING (SELECT count(*) FROM orders) > 3',
  'ORDER BY a subquery': 'SELECT id FROM products ORDER BY (SELECT max(total) FROM orders), id',
  'LIMIT by a subquery':
    'SELECT id FROM products ORDER BY id LIMIT (SELECT count(*) - 2 FROM orders)',
  'a window': 'SELECT id, sum(total) OVER (ORDER BY id) FROM orders',
  'CASE around a subquery': 'SELECT CASE WHEN (SELECT count(*) FROM orders) > 3 THEN 1 ELSE 0 END',
  VALUES: 'VALUES ((SELECT count(*) FROM orders), 1)',
  'WITH of another name': 'WITH o AS (SELECT * FROM orders) SELECT * FROM o',
  'WITH that is used twice': 'WITH o AS (SELECT id FROM orders) SELECT a.id FROM o a, o b',
  'WITH inside a subquery': 'SELECT * FROM (WITH o AS (SELECT note FROM orders) SELECT * FROM o) x',
  'WITH inside WITH':
    'WITH a AS (WITH b AS (SELECT note FROM orders) SELECT * FROM b) SELECT * FROM a, orders',
  'WITH RECURSIVE':
    'WITH RECURSIVE r(id) AS (SELECT id FROM orders UNION SELECT o.id FROM orders o JOIN r ON o.customer_id = r.id) SELECT * FROM r',
  'WITH with comments':
    'WITH /* a */ RECURSIVE -- b\n o AS (SELECT id FROM orders) SELECT * FROM o',
  'a comment before and a semicolon behind': '/* a */ -- b\nSELECT id FROM orders; -- c',
  'an alias that is the name of the other one':
    'SELECT customers.id FROM orders customers JOIN customers orders ON orders.id = customers.customer_id',
  'an open table under its name': 'SELECT orders.name FROM products orders',
  'an insert from it':
    'INSERT INTO carts (id, qty) SELECT id + 100, total FROM orders RETURNING id, qty',
  'an insert with a WITH of its own':
    'INSERT INTO carts (id, qty) WITH o AS (SELECT * FROM orders) SELECT id + 100, total FROM o RETURNING id',
  'an update from it': 'UPDATE carts SET qty = (SELECT count(*) FROM orders) RETURNING id, qty',
  'an update with FROM':
    'UPDATE carts SET qty = o.total FROM (SELECT max(total) AS total FROM orders) o RETURNING carts.id, qty',
  'a delete by it':
    'DELETE FROM carts WHERE id IN (SELECT total - 899999 FROM orders) RETURNING id',
  'RETURNING that reads it':
    'DELETE FROM carts WHERE id = 1 RETURNING (SELECT count(*) FROM orders)',
  'an upsert that reads it':
    'INSERT INTO carts (id, qty) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET qty = (SELECT count(*) FROM orders) RETURNING qty',
}

/** Statements that every dialect would run and that a row filter has to deny. */
export const denied: Readonly<Record<string, string>> = {
  'WITH of its name': 'WITH orders AS (SELECT 1 AS id) SELECT * FROM orders',
  'WITH of its name in capitals': 'WITH "Orders" AS (SELECT 1 AS id) SELECT * FROM orders',
  'WITH RECURSIVE of its name': 'WITH RECURSIVE orders AS (SELECT 1 AS id) SELECT * FROM orders',
  'WITH of its name in a subquery':
    'SELECT * FROM (WITH orders AS (SELECT 1 AS id) SELECT * FROM orders) x, orders',
  'WITH of its name in WITH':
    'WITH a AS (WITH orders AS (SELECT 1 AS id) SELECT * FROM orders) SELECT * FROM a',
  'WITH of its name around an open table':
    'WITH customers AS (SELECT * FROM products) SELECT * FROM customers',
  'an update of it': "UPDATE orders SET note = 'x' WHERE id = 1",
  'a delete of it': 'DELETE FROM orders',
  'an insert into it': "INSERT INTO orders (id, tenant_id) VALUES (9, 'rival')",
  'an update of it under another name': 'UPDATE orders AS products SET note = NULL',
  'a view of it that nothing was said about': 'SELECT * FROM every_order',
}
