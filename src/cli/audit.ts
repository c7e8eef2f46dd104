import { UsageError } from './audit-store.ts'

const HELP = `airlock audit: what is on record, and whether it still is what it was

  airlock audit verify <export>            checks an export offline; names the first broken record
      --expect-checkpoint <file>           and that it still has what these checkpoints say
      --key <file>                         and that this key, or one it handed over to, signed it
  airlock audit verify --store <store>     checks a store where it is, with the same options
  airlock audit export <store>             writes records, checkpoints and public keys, line by line
      --out <file>                         to a file instead of the standard output
  airlock audit checkpoint <store>         signs where the chain is now and prints it: keep it elsewhere
  airlock audit key <store>                prints the public key: keep it elsewhere
  airlock audit rotate-key <store>         signs a new key with the old one
      --old-key <file> --new-key <file>    where they are not the file beside the store
      --lost                               the old key is lost; nobody vouches for the new one
  airlock audit erase <store> --user <id>  makes what is stored of a person unreadable, for ever
      --tenant <id>                        the tenant they belong to
      --yes                                without this it only says what it would do

  airlock audit --help

  <store> is a SQLite file or a postgresql:// URL. Secrets: AIRLOCK_AUDIT_KEY and AIRLOCK_MASTER_KEY,
  else the files beside the store.
`

/**
 * Runs `airlock audit …`.
 *
 * @returns The exit code: 0 all is well, 1 something is broken and was named, 2 the command line is wrong.
 */
export async function audit(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args
  try {
    switch (command) {
      case 'verify':
        return await (await import('./audit-verify.ts')).auditVerify(rest)
      case 'export':
        return await (await import('./audit-export.ts')).auditExport(rest)
      case 'checkpoint':
        return await (await import('./audit-keys.ts')).auditCheckpoint(rest)
      case 'key':
        return await (await import('./audit-keys.ts')).auditKey(rest)
      case 'rotate-key':
        return await (await import('./audit-keys.ts')).auditRotateKey(rest)
      case 'erase':
        return await (await import('./audit-erase.ts')).auditErase(rest)
      case '--help':
      case '-h':
        console.log(HELP)
        return 0
      default:
        throw new UsageError(command === undefined ? 'What is to be done?' : 'No such command')
    }
  } catch (error) {
    const isUsage = error instanceof UsageError || isParseError(error)
    if (!isUsage) throw error
    console.error(`${error.message}\n\n${HELP}`)
    return 2
  }
}

function isParseError(error: unknown): error is Error {
  return (
    error instanceof TypeError &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_PARSE_ARGS')
  )
}
