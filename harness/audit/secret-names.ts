/** Words that make a property's name say "secret", each as a whole word of the name. */
const SECRET_WORDS: ReadonlySet<string> = new Set([
  'password', 'passwords', 'passwd', 'pwd', 'passphrase', 'passcode',
  'secret', 'secrets', 'credential', 'credentials', 'creds',
  'authorization', 'cookie', 'cookies', 'bearer', 'jwt', 'token', 'tokens', 'otp', 'cvv', 'cvc',
]) // biome-ignore format: a table

/** The same for names written as one word, and for pairs of words that only together say "secret". */
const SECRET_PARTS = [
  'password', 'passphrase', 'apikey', 'apitoken', 'accesskey', 'accesstoken', 'authkey', 'authtoken',
  'refreshtoken', 'idtoken', 'sessiontoken', 'csrftoken', 'bearertoken', 'privatekey', 'secretkey',
  'signingkey', 'encryptionkey', 'clientsecret', 'sessionkey', 'connectionstring',
] // biome-ignore format: a table

/** `token` followed by one of these counts or describes tokens; it does not hold one. */
const ABOUT_TOKENS: ReadonlySet<string> = new Set([
  'count', 'counts', 'limit', 'limits', 'usage', 'type', 'types', 'budget', 'endpoint', 'url',
]) // biome-ignore format: a table

/** Longer names are not looked at whole: a name is chosen by whoever wrote the data. */
const MAX_NAME_LENGTH = 256

/**
 * Whether a property, header or variable of this name holds a secret: `apiKey`, `X-Api-Key`,
 * `db_password`, `Set-Cookie`; not `tokenCount`, `secretary` or `keyboard`.
 */
export function isSecretName(name: string): boolean {
  const words = name
    .slice(0, MAX_NAME_LENGTH)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
  const isSecretWord = words.some(
    (word, index) => SECRET_WORDS.has(word) && !ABOUT_TOKENS.has(words[index + 1] ?? ''),
  )
  if (isSecretWord) return true
  const joined = words.join('')
  return SECRET_PARTS.some((part) => joined.includes(part))
}

/** Whether numbers under this name are counts: `tokens: 12` is a bill, not a secret. */
export function countsTokens(name: string): boolean {
  return /tokens$/i.test(name.slice(0, MAX_NAME_LENGTH))
}

/** Names of query parameters that hold a credential and are too common to be suspect elsewhere. */
const SECRET_PARAMETERS: ReadonlySet<string> = new Set(['key', 'sig', 'signature', 'auth', 'code'])

/** Whether a query parameter of this name holds a credential. */
export function isSecretParameter(name: string): boolean {
  return SECRET_PARAMETERS.has(name.toLowerCase()) || isSecretName(name)
}
