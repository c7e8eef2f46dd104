import { describe, expect, it } from 'vitest'
import { createLogger } from '../../../src/telemetry/logger.ts'

function collect(): {
  readonly lines: string[]
  readonly destination: { write(line: string): void }
} {
  const lines: string[] = []
  return { lines, destination: { write: (line) => void lines.push(line) } }
}

const secret = 'hunter2'

const hidden = {
  'a field': { token: secret },
  'a header': { headers: { authorization: `Bearer ${secret}`, 'x-api-key': secret } },
  'a header two levels down': { request: { headers: { cookie: secret } } },
  'credentials as a scheme read them': { credentials: { scheme: 'basic', password: secret } },
  'what an HTTP client hangs on its error': {
    err: Object.assign(new Error('failed'), { config: { headers: { Authorization: secret } } }),
  },
}

describe('createLogger', () => {
  for (const [name, fields] of Object.entries(hidden)) {
    it(`keeps secrets out of a line: ${name}`, () => {
      const { lines, destination } = collect()
      createLogger({ destination }).error(fields, 'Failed')
      expect(lines).toHaveLength(1)
      expect(lines[0]).toContain('[redacted]')
      expect(lines[0]).not.toContain(secret)
    })
  }

  it('writes everything else, with errors and their causes', () => {
    const { lines, destination } = collect()
    const err = new Error('outer', { cause: new Error('inner') })
    createLogger({ destination }).error({ err, runId: 'run-1' }, 'Failed')
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 50,
      msg: 'Failed',
      runId: 'run-1',
      err: { type: 'Error', message: expect.stringContaining('outer'), stack: expect.any(String) },
    })
    expect(lines[0]).toContain('inner')
  })

  it('writes info and above unless told otherwise, and nothing when silent', () => {
    const usual = collect()
    const silent = collect()
    for (const logger of [
      createLogger({ destination: usual.destination }),
      createLogger({ destination: silent.destination, level: 'silent' }),
    ]) {
      logger.debug({}, 'debug')
      logger.info({}, 'info')
      logger.error({}, 'error')
    }
    expect(usual.lines).toHaveLength(2)
    expect(silent.lines).toEqual([])
  })

  it('keeps what one request says on one line', () => {
    const { lines, destination } = collect()
    createLogger({ destination }).warn({ reason: 'a\n{"level":60}' }, 'b\nc')
    expect(lines[0]?.trimEnd().split('\n')).toHaveLength(1)
  })
})
