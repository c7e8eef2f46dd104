import { describePrograms } from './programs/describe-programs.ts'
import { readPrograms } from './programs/program-corpus.ts'

describePrograms(readPrograms())
