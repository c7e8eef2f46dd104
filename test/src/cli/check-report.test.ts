import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Finding } from '../../../harness/index.ts'
import { jsonReport } from '../../../src/cli/check-json.ts'
import { sarifReport } from '../../../src/cli/check-sarif.ts'
import { textReport } from '../../../src/cli/check-text.ts'
import type { CheckedFile, CheckReport } from '../../../src/cli/check-verdict.ts'

const violation: Finding = {
  ruleId: 'no-eval',
  source: 'analysis',
  severity: 'violation',
  message: 'There is no eval',
  hint: 'Write the code out',
  line: 2,
  column: 8,
}
const warning: Finding = {
  ruleId: 'types/tool-argument',
  source: 'types',
  severity: 'warning',
  message: 'Wrong',
  reasonCode: 'TS2345',
}

function report(...files: readonly Partial<CheckedFile>[]): CheckReport {
  const plain: CheckedFile = {
    file: 'a b.ts',
    source: 'const a = 1\nreturn eval("2")\n',
    decision: 'deny',
    findings: [violation, warning],
  }
  return { files: files.map((file) => ({ ...plain, ...file })), types: { version: '7.0.2' } }
}

describe('textReport', () => {
  it('shows the place of a finding with a mark under it', () => {
    expect(textReport(report({}))).toBe(`a b.ts  denied

  a b.ts:2:8  violation  no-eval
  There is no eval
  Write the code out

    1 | const a = 1
  > 2 | return eval("2")
      |        ^

  a b.ts  warning  types/tool-argument
  Wrong

0 allowed, 1 denied; 1 violation, 1 warning; types by TypeScript 7.0.2
`)
  })

  it('says what an allowed program can reach', () => {
    const plan = { tools: [], isUnbounded: false }
    const text = textReport(report({ decision: 'allow', findings: [], plan }))
    expect(text).toContain('a b.ts  allowed\n\n  Calls no tool\n')
  })

  it('shows a long line around the place alone', () => {
    const source = `${'x'.repeat(500)}!${'y'.repeat(500)}`
    const finding = { ...violation, line: 1, column: 501 }
    const lines = textReport(report({ source, findings: [finding] })).split('\n')
    const shown = lines.find((line) => line.includes('> 1 |')) ?? ''
    const mark = lines.find((line) => line.trimEnd().endsWith('^')) ?? ''
    expect(shown.length).toBeLessThan(120)
    expect(shown.charAt(mark.indexOf('^'))).toBe('!')
  })

  it('shows no character that would move the cursor or turn the text around', () => {
    const nasty = '\u001B[2J\u009B\r\u202E\u2066\u0007'
    const finding = { ...violation, message: nasty, hint: nasty }
    const text = textReport(
      report({ file: nasty, source: `${nasty}\n${nasty}`, findings: [finding] }),
    )
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it('says why types were not checked', () => {
    const text = textReport({ ...report({}), types: { off: 'none is installed' } })
    expect(text).toContain('types not checked: none is installed')
  })
})

describe('jsonReport', () => {
  it('holds every finding and the plan in words', () => {
    const plan = { tools: [], isUnbounded: false }
    const parsed = JSON.parse(jsonReport(report({}, { decision: 'allow', findings: [], plan })))
    expect(parsed).toMatchObject({
      types: { version: '7.0.2' },
      files: [
        { file: 'a b.ts', decision: 'deny', findings: [violation, warning], plan: null },
        { decision: 'allow', plan: { isUnbounded: false, inWords: ['Calls no tool'] } },
      ],
    })
    expect(parsed.airlock).toMatch(/^\d+\.\d+\.\d+/)
  })
})

describe('sarifReport', () => {
  const [run] = JSON.parse(
    sarifReport(report({}, { file: join(process.cwd(), '..', 'b.ts') })),
  ).runs

  it('names each rule once and refers to it', () => {
    const ids = run.tool.driver.rules.map(({ id }: { id: string }) => id)
    expect(ids).toEqual(['no-eval', 'types/tool-argument'])
    for (const { ruleId, ruleIndex } of run.results) expect(ids[ruleIndex]).toBe(ruleId)
  })

  it('tells level, place and words of a finding', () => {
    expect(run.results[0]).toMatchObject({
      level: 'error',
      message: { text: 'There is no eval. Write the code out' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'a%20b.ts' },
            region: { startLine: 2, startColumn: 8 },
          },
        },
      ],
    })
    expect(run.results[1]).toMatchObject({ level: 'warning', properties: { reasonCode: 'TS2345' } })
    expect(run.results[1].locations[0].physicalLocation).not.toHaveProperty('region')
  })

  it('names files outside the working directory in full', () => {
    expect(run.artifacts[1].location.uri).toMatch(/^file:\/\/\/.*\/b\.ts$/)
  })
})
