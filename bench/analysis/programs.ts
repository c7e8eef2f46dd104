import { readFileSync } from 'node:fs'

/** A text to be measured, with the tools it may call. */
export interface MeasuredProgram {
  readonly name: string
  readonly source: string
  readonly language: 'js' | 'ts'
  readonly toolNames: readonly string[]
}

interface CorpusProgram {
  readonly code: string
  readonly language: 'js' | 'ts'
  readonly form: string
  readonly heavy?: boolean
  readonly expect_error?: object
  readonly tools: readonly { readonly name: string }[]
}

function rightPrograms(language: 'js' | 'ts'): readonly CorpusProgram[] {
  return readFileSync(new URL('../../test/corpus/programs.jsonl', import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line): CorpusProgram => JSON.parse(line))
    .filter((program) => program.language === language && program.form === 'return')
    .filter(
      ({ expect_error, heavy, code }) =>
        !expect_error && !heavy && !/^\s*(?:im|ex)port\b/m.test(code),
    )
}

/** Programs of models, each as a function of its own, until the text is as long as wanted. */
function joined(
  programs: readonly CorpusProgram[],
  from: number,
  isLongEnough: (text: string) => boolean,
): Pick<MeasuredProgram, 'source' | 'toolNames'> {
  const toolNames = new Set<string>()
  let source = ''
  for (let index = from; !isLongEnough(source); index += 1) {
    const program = programs[index % programs.length]
    if (program === undefined) throw new RangeError('The corpus has no such programs')
    for (const { name } of program.tools) toolNames.add(name)
    const body = program.code
      .trim()
      .split('\n')
      .map((line) => `  ${line}`)
    source += [`async function part${index}() {`, ...body, '}', `await part${index}()`, ''].join(
      '\n',
    )
  }
  return { source: `${source}return 1\n`, toolNames: [...toolNames] }
}

/** Texts of about a hundred lines. */
export function hundredLinePrograms(
  language: 'js' | 'ts',
  count: number,
): readonly MeasuredProgram[] {
  const programs = rightPrograms(language)
  const step = Math.max(1, Math.floor(programs.length / count))
  return Array.from({ length: count }, (_, index) => ({
    name: `${language} ${index + 1}`,
    language,
    ...joined(programs, index * step, (text) => text.split('\n').length > 92),
  }))
}

/** A text of so many bytes, or a little less. */
export function programOfSize(bytes: number): MeasuredProgram {
  const whole = joined(rightPrograms('js'), 0, (text) => text.length >= bytes)
  const parts = whole.source.split(/(?=^async function part)/m)
  let source = ''
  for (const part of parts) {
    if (source.length + part.length + 16 > bytes) break
    source += part
  }
  const name = `${Math.round(bytes / 1024)} KiB`
  return { name, language: 'js', toolNames: whole.toolNames, source: `${source}\nreturn 1\n` }
}
