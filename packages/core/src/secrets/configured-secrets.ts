import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { FocusError } from '../common/errors.ts'
import { isLoopbackUrl } from '../net/origin-policy.ts'

export interface SecretSource {
  /** `FOCUS_SECRET`, the newest first. */
  readonly configured: readonly string[] | undefined
  /** What the database is: only beside a SQLite file may a secret be kept. */
  readonly database: { readonly dialect: string; readonly file: string | null }
  readonly publicUrl: string | null
}

/**
 * The secrets that encrypt what is kept at rest, the newest first. Without `FOCUS_SECRET` a random one is made and kept
 * beside the SQLite file, readable by its owner alone (S32).
 *
 * @throws FocusError `invalid_option` where a secret must be configured: another database, or a public address.
 */
export function resolveSecrets({ configured, database, publicUrl }: SecretSource): readonly string[] {
  if (configured) return configured
  if (database.dialect !== 'sqlite' || (publicUrl !== null && !isLoopbackUrl(publicUrl))) {
    const why = database.dialect === 'sqlite' ? `the public URL is ${publicUrl}` : `the database is ${database.dialect}`
    throw new FocusError('invalid_option', `FOCUS_SECRET: is required because ${why}.`, {
      hint: 'Set FOCUS_SECRET to the output of `openssl rand -base64 48`, the same on every node.',
    })
  }
  return [database.file === null ? newSecret() : secretBeside(database.file)]
}

function secretBeside(databaseFile: string): string {
  const file = `${databaseFile}.secret`
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    // Written whole and then linked: of two processes that start at once one link wins, and both read a complete file.
    writeFileSync(draft, newSecret(), { flag: 'wx', mode: 0o600 })
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new FocusError('storage_unavailable', `The secret file ${file} cannot be written.`, {
        hint: 'Make the folder writable or set FOCUS_SECRET.',
        cause: error,
      })
    }
  } finally {
    rmSync(draft, { force: true })
  }
  const secret = readFileSync(file, 'utf8').trim()
  if (secret.length < 32) {
    throw new FocusError('invalid_option', `The secret file ${file} is damaged.`, {
      hint: 'Restore it from a backup; if there is none, delete it: everybody then signs in again.',
    })
  }
  return secret
}

function newSecret(): string {
  return randomBytes(48).toString('base64url')
}
