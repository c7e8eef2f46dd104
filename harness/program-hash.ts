import { createHash } from 'node:crypto'
import type { Program } from './program.ts'

/** SHA-256 of the text that runs, in lower-case hex. */
export function programHash(code: string): string {
  return createHash('sha256').update(code, 'utf8').digest('hex')
}

/**
 * Whether a program still is what was analysed: what runs is the text with the hash that every gate and
 * approver has seen. To be asked last, where the text leaves for the sandbox.
 */
export function isUntouched(program: Pick<Program, 'code' | 'hash'>): boolean {
  return programHash(program.code) === program.hash
}
