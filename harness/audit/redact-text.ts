import { Buffer } from 'node:buffer'
import { isSecretName, isSecretParameter } from './secret-names.ts'

/** What stands where a secret was. */
export const REDACTED = '[redacted]'

// Every expression below takes linear time: a run of characters is entered at its start only (the
// lookbehinds), repetitions that can fail are bounded, and the others end in a match wherever they stop.

const PRIVATE_KEY =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END )[\s\S])*(?:-----END [A-Z0-9 ]{0,60}-----)?/g

const HEADER_LINE =
  /(?<![\w-])((?:proxy-)?authorization|(?:set-)?cookie2?)(["'\\]{0,3}\s{0,4}:\s{0,4}["'\\]{0,3})([^\s"'`\\][^\n\r"'`\\]*)/gi

const BEARER = /(?<![\w-])(bearer\s{1,4})([\w.~+/-]{8,}={0,2})/gi

const BASIC = /(?<![\w-])(basic\s{1,4})([\w+/-]{4,}={0,2})/gi

const JSON_WEB_TOKEN = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}/g

/** Keys that say what they are by how they begin. */
const KNOWN_KEY = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    'sk-[\\w-]{16,}', // OpenAI, Anthropic and those who copied them
    '[srp]k_(?:live|test)_\\w{10,}', // Stripe
    'whsec_\\w{16,}',
    'gh[pousr]_\\w{20,}', // GitHub
    'github_pat_\\w{20,}',
    'glpat-[\\w-]{16,}', // GitLab
    'xox[abeoprs]-[\\w-]{10,}', // Slack
    'npm_\\w{20,}',
    'hf_\\w{20,}',
    'AIza[\\w-]{30,}', // Google
    'ya29\\.[\\w-]{20,}',
    'SG\\.[\\w-]{16,}\\.[\\w-]{16,}', // SendGrid
    '(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}(?![A-Za-z0-9])', // AWS
  ].join('|')})`,
  'g',
)

const URL_CREDENTIALS = /(?<=:\/\/)[^\s/?#"'`<>]{1,1024}@/g

const QUERY_PARAMETER = /(?<=[?&])([\w.[\]-]{1,64})=([^&\s#"'`<>\\]+)/g

const ASSIGNMENT =
  /(?<![\w$-])([A-Za-z_$][\w$-]{1,63})(\\{0,3}["'`]?\s{0,4}[:=]\s{0,4})(\\{1,3}"[^"\n]*"?|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\[\s\S])*`?|[^\s"'`,;&(){}[\]<>\\]+)/g

/** Right-hand sides that are code or a type, not a value somebody would have to hide. */
const NOT_A_VALUE =
  /^(?:true|false|null|undefined|string|number|boolean|unknown|any|await|new|typeof|=+|=>|[A-Za-z_$][\w$]{0,63}(?:\??\.[A-Za-z_$][\w$]{0,63}){1,16})$/

/**
 * Replaces what looks like a secret within a text: private keys, credentials of headers and URLs, JSON
 * Web Tokens, keys with a known beginning, query parameters and assignments whose name says so. What has
 * no shape and no name to tell it by stays.
 *
 * @param text - Any text; the time taken is linear in its length.
 */
export function redactText(text: string): string {
  if (text.length < 6) return text
  return text
    .replace(PRIVATE_KEY, REDACTED)
    .replace(HEADER_LINE, `$1$2${REDACTED}`)
    .replace(BEARER, `$1${REDACTED}`)
    .replace(BASIC, (all, scheme: string, value: string) =>
      holdsCredentials(value) ? scheme + REDACTED : all,
    )
    .replace(JSON_WEB_TOKEN, REDACTED)
    .replace(KNOWN_KEY, REDACTED)
    .replace(URL_CREDENTIALS, `${REDACTED}@`)
    .replace(QUERY_PARAMETER, (all, name: string) =>
      isSecretParameter(name) ? `${name}=${REDACTED}` : all,
    )
    .replace(ASSIGNMENT, redactAssignment)
}

/** "Basic understanding" is prose; Basic credentials are base64 of a name, a colon and a password. */
function holdsCredentials(base64: string): boolean {
  return Buffer.from(base64.slice(0, 4_096), 'base64').includes(':')
}

function redactAssignment(
  all: string,
  name: string,
  separator: string,
  value: string,
  offset: number,
  text: string,
): string {
  if (!isSecretName(name) || value.includes(REDACTED)) return all
  const quote = /^\\*["'`]/.exec(value)?.[0]
  if (quote !== undefined) {
    const end = value.length > quote.length && value.endsWith(quote) ? quote : ''
    return `${name}${separator}${quote}${REDACTED}${end}`
  }
  const next = text[offset + all.length]
  if (next === '(' || next === '[' || NOT_A_VALUE.test(value)) return all
  return `${name}${separator}${REDACTED}`
}
