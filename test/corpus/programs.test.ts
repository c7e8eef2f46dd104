import { describePrograms } from './programs/describe-programs.ts'
import { readPrograms } from './programs/program-corpus.ts'

// One in twelve, spread over the corpus; the others run in `programs.slow.test.ts`.
describePrograms(readPrograms().filter(({ heavy }, index) => !heavy && index % 12 === 0))
