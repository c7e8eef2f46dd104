import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ALL_RULES } from '../../../harness/analysis/all-rules.ts'
import { docsAnchorOf, type RuleDescription } from '../../../harness/analysis/rule.ts'
import { TEXT_RULES } from '../../../harness/parsing/text-rules.ts'
import { readExample, rulesPage } from '../../../scripts/rules-doc.ts'

const rules: readonly RuleDescription[] = [...Object.values(TEXT_RULES), ...ALL_RULES]

describe('docs/rules.md', () => {
  const page = readFileSync(new URL('../../../docs/rules.md', import.meta.url), 'utf8')

  it('is what the rules say: node scripts/rules-doc.ts --write', () => {
    expect(page).toBe(rulesPage())
  })

  it.each(rules.map(({ id }) => id))('has the anchor that findings of %s lead to', (id) => {
    expect(docsAnchorOf(id)).toBe(`rules.md#${id}`)
    expect(page).toContain(`\n## ${id}\n`)
  })
})

describe('the examples of', () => {
  it.each(rules.map((rule) => [rule.id, rule] as const))('%s do what they say', (id, rule) => {
    const { examples, severity } = rule
    const reported = readExample(examples.reported, examples)
    const own = reported.filter(({ ruleId }) => ruleId === id)
    expect(own.map((finding) => finding.severity)).toContain(severity)
    expect(own.every(({ message, hint }) => message !== '' && hint !== undefined)).toBe(true)
    for (const source of [examples.allowed, examples.repaired]) {
      expect(readExample(source, examples)).toEqual([])
    }
  })

  it('rules are all there once, each in a file of its name', () => {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
    for (const { id } of ALL_RULES) {
      const file = new URL(`../../../harness/analysis/rules/${id}.ts`, import.meta.url)
      expect(readFileSync(file, 'utf8')).toContain(`id: '${id}'`)
    }
  })
})
