import { writeFileSync } from 'node:fs'
import { currentDocument, DOCUMENT } from './engines-document.ts'

// Brings the tables of docs/engines.md up to date with the data of this suite.
writeFileSync(DOCUMENT, currentDocument())
