import { randomBytes } from 'node:crypto'
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { FocusError } from '../common/errors.ts'
import { isLoopbackUrl } from '../net/urls.ts'

export interface SecretSource {
  /** The values of `FOCUS_SECRET`, the newest first. */
  readonly configured: readonly string[] | undefined
  /** Only a SQLite file can have a secret file beside it. */
  readonly database: { readonly dialect: string; readonly file: string | null }
  readonly publicUrl: string | null
}

/**
 * Returns the secrets that encrypt stored data and sign links, the newest first. Without `FOCUS_SECRET` it creates a random one in a
 * file beside the SQLite file, readable by its owner only (S32).
 *
 * @throws FocusError `invalid_option` when a secret must be configured (a database other than SQLite, a public URL) or the file is
 *   damaged; `storage_unavailable` when the file cannot be written
 */
export function resolveFocusSecrets({ configured, database, publicUrl }: SecretSource): readonly string[] {
  if (configured) return configured
  if (database.dialect !== 'sqlite' || (publicUrl !== null && !isLoopbackUrl(publicUrl))) {
    const reason =
      database.dialect === 'sqlite' ? `the public URL is ${publicUrl}` : `the database is ${database.dialect}`
    throw new FocusError('invalid_option', `FOCUS_SECRET: is required because ${reason}.`, {
      hint: 'Set FOCUS_SECRET to the output of `openssl rand -base64 48`, the same on every node.',
    })
  }
  return [database.file === null ? newSecret() : secretBeside(database.file)]
}

function secretBeside(databaseFile: string): string {
  const file = `${databaseFile}.secret`
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    // Write the whole file, then link it: of two processes that start at the same time one link wins, and both read a complete file.
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
      hint: 'Restore it from a backup. Without a backup, delete it; all users must then sign in again.',
    })
  }
  return secret
}

function newSecret(): string {
  return randomBytes(48).toString('base64url')
}
