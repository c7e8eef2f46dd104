import { describe, expect, it } from 'vitest'
import { readRunsArguments } from '../../../src/cli/runs-arguments.ts'

const read = (line: string, environment: NodeJS.ProcessEnv = {}) =>
  readRunsArguments(line.split(' '), { AIRLOCK_CREDENTIAL: 'key', ...environment })

describe('the command line of airlock runs', () => {
  it('becomes one request', () => {
    expect(read('list --url https://a.example/base/ --status outcome_unknown')).toMatchObject({
      method: 'GET',
      url: new URL('https://a.example/base/runs?status=outcome_unknown'),
    })
    expect(
      read('resolve run_1 --outcome happened --seq 2 --answer {"id":1} --reason Seen', {
        AIRLOCK_URL: 'http://127.0.0.1:8787',
      }),
    ).toMatchObject({
      method: 'POST',
      url: new URL('http://127.0.0.1:8787/runs/run_1/resolve'),
      body: { outcome: 'happened', seq: 2, answer: { id: 1 }, reason: 'Seen' },
    })
    expect(read('rollback ../x --url https://a --partial')).toMatchObject({
      method: 'POST',
      url: new URL('https://a/runs/..%2Fx/rollback'),
      body: { partial: true },
    })
    expect(read('rollback run_1 --url https://a --plan')).toMatchObject({ method: 'GET' })
    expect(read('--help')).toBe('help')
  })

  it('is refused when it is not understood', () => {
    for (const line of [
      'show run_1',
      'show run_1 --url http://somewhere.example',
      'show run_1 --url https://a --header a:b',
      'show run_1 --url file:///etc',
      'show --url https://a',
      'show a b --url https://a',
      'drop run_1 --url https://a',
      'resolve run_1 --url https://a',
      'resolve run_1 --url https://a --outcome happened --seq x',
      'resolve run_1 --url https://a --outcome happened --answer {',
      'show run_1 --url https://a --nonsense',
    ]) {
      expect(() => read(line), line).toThrow()
    }
  })
})
