import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writePrivateFile } from '../config/private-file.ts'

/** The data that an issuer keeps between two starts. */
export interface IssuerKeys {
  /** Private signing key, RFC 7517. */
  readonly jwk: Readonly<Record<string, unknown>>
  readonly clientId: string
  readonly clientSecret: string
  readonly cookieSecret: string
  /** Port of the last start. It is used again if it is free, because the address identifies the issuer. */
  readonly port: number
}

/** Creates new keys; RSA, as Google uses. */
export function createIssuerKeys(): IssuerKeys {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    jwk: {
      ...privateKey.export({ format: 'jwk' }),
      kid: randomBytes(8).toString('base64url'),
      use: 'sig',
      alg: 'RS256',
    },
    clientId: 'focus-dev',
    clientSecret: randomBytes(24).toString('base64url'),
    cookieSecret: randomBytes(24).toString('base64url'),
    port: 0,
  }
}

/** Returns the stored keys; null when there are none or the file is damaged. New keys only end sign-ins in progress. */
export async function readIssuerKeys(folder: string): Promise<IssuerKeys | null> {
  try {
    const parsed: unknown = JSON.parse(await readFile(fileIn(folder), 'utf8'))
    return isIssuerKeys(parsed) ? parsed : null
  } catch {
    return null
  }
}

export async function writeIssuerKeys(folder: string, keys: IssuerKeys): Promise<void> {
  await writePrivateFile(fileIn(folder), `${JSON.stringify(keys, null, 2)}\n`)
}

function fileIn(folder: string): string {
  return join(folder, 'issuer.json')
}

function isIssuerKeys(value: unknown): value is IssuerKeys {
  if (typeof value !== 'object' || value === null) return false
  const keys = value as Partial<Record<keyof IssuerKeys, unknown>>
  return (
    typeof keys.jwk === 'object' &&
    keys.jwk !== null &&
    typeof keys.clientId === 'string' &&
    typeof keys.clientSecret === 'string' &&
    typeof keys.cookieSecret === 'string' &&
    typeof keys.port === 'number'
  )
}
