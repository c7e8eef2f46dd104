/** Something the person at the keyboard can put right; shown without a stack trace. */
export class SetupError extends Error {
  name = 'SetupError'
}

/** Progress goes to standard error, so that `npm test --silent > results` stays what it was. */
export function say(line) {
  console.error(`setup: ${line}`)
}
