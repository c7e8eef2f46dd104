import type { JsonObject } from '../../harness/index.ts'

const SCALAR = { type: ['string', 'number', 'boolean', 'null'] }

const MAX_PARAMS = 1_000
const MAX_LIST = 10_000

const SQLITE_PARAMS: JsonObject = {
  anyOf: [
    { type: 'array', items: SCALAR, maxItems: MAX_PARAMS },
    { type: 'object', additionalProperties: SCALAR, maxProperties: MAX_PARAMS },
  ],
  description:
    'The value for each ?, in order, or an object for :names. Never put values into the text of the query.',
}

const POSTGRESQL_PARAMS: JsonObject = {
  type: 'array',
  items: { anyOf: [SCALAR, { type: 'array', items: SCALAR, maxItems: MAX_LIST }] },
  maxItems: MAX_PARAMS,
  description:
    'The values for $1, $2, …; a list for = ANY($1). Never put values into the text of the query.',
}

const PLACEHOLDERS: Readonly<Record<'sqlite' | 'postgresql', string>> = {
  sqlite: '?',
  postgresql: '$1, $2, …',
}

/** What a call takes: for the model a request to bind values, at the gate the only shape that passes. */
export function argumentSchema(dialect: 'sqlite' | 'postgresql'): JsonObject {
  const placeholder = PLACEHOLDERS[dialect]
  return {
    type: 'object',
    properties: {
      query: {
        type: 'string',
        minLength: 1,
        maxLength: 100_000,
        description: `One SQL statement, with ${placeholder} in place of every value`,
      },
      params: dialect === 'sqlite' ? SQLITE_PARAMS : POSTGRESQL_PARAMS,
    },
    required: ['query'],
    additionalProperties: false,
  }
}

/** What a call answers. */
export const answerSchema: JsonObject = {
  type: 'object',
  properties: {
    rows: {
      type: 'array',
      items: { type: 'object' },
      description: 'By column name; give columns of equal names an alias',
    },
    truncated: {
      type: 'boolean',
      description: 'There were more rows: count and add up in the query, or page with LIMIT',
    },
    changes: {
      type: ['integer', 'null'],
      description: 'Rows inserted, updated or deleted; null when not known because of truncated',
    },
  },
  required: ['rows', 'truncated', 'changes'],
  additionalProperties: false,
}
