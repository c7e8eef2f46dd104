import { isAbsolute, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Finding } from '../../harness/index.ts'
import type { CheckedFile, CheckReport } from './check-verdict.ts'
import { packageVersion } from './package-version.ts'

/** The report as SARIF 2.1.0, with paths relative to the working directory where they are below it. */
export function sarifReport({ files }: CheckReport): string {
  const findings = files.flatMap((file) => file.findings.map((finding) => ({ file, finding })))
  const ruleIds = [...new Set(findings.map(({ finding }) => finding.ruleId))].sort()
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'airlock',
            semanticVersion: packageVersion(),
            rules: ruleIds.map((id) => ({ id })),
          },
        },
        columnKind: 'utf16CodeUnits',
        artifacts: files.map(({ file }) => ({ location: { uri: uriOf(file) } })),
        invocations: [{ executionSuccessful: true }],
        results: findings.map(({ file, finding }) => resultOf(file, finding, ruleIds)),
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function resultOf({ file }: CheckedFile, finding: Finding, ruleIds: readonly string[]): object {
  const { ruleId, severity, message, hint, line, column, source, reasonCode } = finding
  const region = line === undefined ? {} : { region: { startLine: line, startColumn: column ?? 1 } }
  return {
    ruleId,
    ruleIndex: ruleIds.indexOf(ruleId),
    level: severity === 'violation' ? 'error' : 'warning',
    message: { text: hint === undefined ? message : `${message}. ${hint}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(file) }, ...region } }],
    properties: { source, ...(reasonCode === undefined ? {} : { reasonCode }) },
  }
}

function uriOf(file: string): string {
  if (file === '<stdin>') return 'stdin'
  const path = relative(process.cwd(), resolve(file))
  if (path.startsWith('..') || isAbsolute(path)) return pathToFileURL(resolve(file)).href
  return path.split(sep).map(encodeURIComponent).join('/')
}
