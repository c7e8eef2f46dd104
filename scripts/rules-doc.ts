// node scripts/rules-doc.ts [--write]: prints docs/rules.md as made from the rules themselves, or writes it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ALL_RULES } from '../harness/analysis/all-rules.ts'
import type { RuleDescription } from '../harness/analysis/rule.ts'
import { readProgram } from '../harness/parsing/read-program.ts'
import { checkSource } from '../harness/parsing/source-limits.ts'
import { TEXT_RULES } from '../harness/parsing/text-rules.ts'
import type { ProgramLanguage } from '../harness/program.ts'
import type { Finding } from '../harness/verdict.ts'

/** The tools that the programs of the page may call. */
const EXAMPLE_TOOLS = ['get_rates']
const MAX_PROGRAM_BYTES = 262_144
const LONGEST_LINE = 90
const FENCE = '```'

const INTRODUCTION = `# Rules

<!-- Made from the rules by \`node scripts/rules-doc.ts --write\`; do not edit. -->

Every program is read by these rules before anything runs. A **violation** denies it, a **warning** is on record and
shown to approvers. What is read is the JavaScript that runs, after types are lowered and the ending is brought into
one form; line and column are those of the author's text. How that works, and what it costs, is in
[analysis](analysis.md); limits that are set per endpoint are in [policies](policies.md).

The rules explain; they are not the wall. What they cannot decide, such as a name that is computed while the program
runs, is harmless in the sandbox, and is tested there with all rules switched off.

The examples may call the tool \`get_rates\`, and the tests run each of them.
`

/** The whole page. */
export function rulesPage(): string {
  const rules: readonly RuleDescription[] = [...Object.values(TEXT_RULES), ...ALL_RULES]
  const rows = rules.map(
    ({ id, severity, reports }) => `| [\`${id}\`](#${id}) | ${severity} | ${cell(reports)} |`,
  )
  const table = ['| Rule | Severity | Reports |', '| --- | --- | --- |', ...rows].join('\n')
  return `${[INTRODUCTION, table, ...rules.map(section)].join('\n')}\n`
}

/** Reads an example as the product would, in this process: the page is not hostile. */
export function readExample(
  source: string,
  { language = 'js', maxProgramBytes = MAX_PROGRAM_BYTES }: RuleDescription['examples'],
): readonly Finding[] {
  const refused = checkSource(source, maxProgramBytes)
  if (refused !== null) return [refused.finding]
  const toolNames = EXAMPLE_TOOLS
  return readProgram({ source, language, toolNames, modules: [], skipRules: false }).findings
}

function section(rule: RuleDescription): string {
  const { id, severity, reports, because, examples } = rule
  const { language = 'js', maxProgramBytes } = examples
  const said = readExample(examples.reported, examples)
    .filter(({ ruleId }) => ruleId === id)
    .map(({ message, hint, line, column }) => {
      const place = line === undefined ? '' : `${line}:${column} `
      return `> ${place}${message}. ${hint}.`
    })
  const limit = maxProgramBytes === undefined ? '' : ` with \`maxProgramBytes: ${maxProgramBytes}\``
  return [
    `\n## ${id}\n`,
    `**${severity}** Reports ${reports}.\n`,
    `${because}\n`,
    `Reported${limit}:\n`,
    fence(examples.reported, language),
    `\n${said.join('\n')}\n`,
    'Repaired:\n',
    fence(examples.repaired, language),
    '\nNot reported:\n',
    fence(examples.allowed, language),
  ].join('\n')
}

/** Characters that nobody sees are printed as escapes, and very long lines are cut. */
function fence(source: string, language: ProgramLanguage): string {
  const lines = source
    .replaceAll(/[\u00AD\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
    })
    .split('\n')
    .map((line) => (line.length > LONGEST_LINE * 2 ? `${line.slice(0, LONGEST_LINE)}…` : line))
  return [`${FENCE}${language}`, ...lines, FENCE].join('\n')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (import.meta.main) {
  const page = rulesPage()
  if (process.argv.includes('--write')) {
    writeFileSync(join(import.meta.dirname, '..', 'docs', 'rules.md'), page)
  } else process.stdout.write(page)
}
