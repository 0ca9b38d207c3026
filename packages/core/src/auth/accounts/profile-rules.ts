import { isIP } from 'node:net'
import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import { FocusError } from '../../common/errors.ts'
import { canonicalLocale } from '../../common/text/locale.ts'
import { isLoopbackHost } from '../../net/urls.ts'
import { isPublicAddress } from '../../net/public-address.ts'
import { head } from '../../common/text/shorten.ts'
import type { ExternalProfile } from './user-directory-port.ts'

/** The longest form of each field, in UTF-16 code units; the columns of `focus_users` and `focus_accounts` hold as much. */
const limits = { key: 255, email: 320, name: 255, url: 2_048 } as const

export interface ProfileRules {
  /** Whether this installation is only reached from this machine; pictures may then come from it, by plain http too. */
  readonly development: boolean
}

/**
 * A provider's profile in the one form that users are found by and kept in, whichever provider it comes from:
 *
 * - `email`: A to Z in lower case, other characters as they are (A4); null when it is no address of at most 320 characters
 * - names: cut to 255 characters between two graphemes, control characters as spaces; `fullName` is joined from the given
 *   and the family name when the provider gives none (A22)
 * - `avatarUrl`: https without credentials, not of this machine or a private network, at most 2,048 characters (V14)
 * - `locale`: a BCP 47 tag in its canonical form
 *
 * @throws FocusError `provider_error` when the issuer or the subject cannot be a key (S12)
 */
export function checkedProfile(profile: ExternalProfile, rules: ProfileRules): ExternalProfile {
  if (!isKey(profile.issuer) || !isKey(profile.subject)) {
    throw new FocusError(
      'provider_error',
      `${profile.provider} names a user by a text that is empty, too long or broken.`,
      {
        hint: `Issuer and subject must be well-formed texts of 1 to ${limits.key} characters.`,
      },
    )
  }
  const email = emailOrNull(profile.email)
  const givenName = nameOrNull(profile.givenName)
  const familyName = nameOrNull(profile.familyName)
  const joined = nameOrNull([givenName, familyName].filter((name) => name !== null).join(' '))
  return {
    ...profile,
    email,
    emailVerified: email !== null && isTrue(profile.emailVerified),
    fullName: nameOrNull(profile.fullName) ?? joined,
    givenName,
    familyName,
    avatarUrl: pictureOrNull(profile.avatarUrl, rules),
    preferredUsername: nameOrNull(profile.preferredUsername),
    locale: canonicalLocale(profile.locale),
  }
}

/** A provider of the application's own may be plain JavaScript, and `"true"` is no proof (S13). */
function isTrue(value: unknown): boolean {
  return value === true
}

/** Halves of characters have no UTF-8 form: two keys would be kept as one. */
function isKey(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && text.length <= limits.key && text.isWellFormed()
}

/** White space is refused, not trimmed: trimming removes more than ASCII, and would make one address of two. */
function emailOrNull(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > limits.email) return null
  return /^[^\s\p{Cc}\p{Cs}]+@[^\s\p{Cc}\p{Cs}@]+$/u.test(text) ? asciiLowerCase(text) : null
}

function nameOrNull(text: unknown): string | null {
  if (typeof text !== 'string') return null
  const printable = text
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
  return head(printable, limits.name).trimEnd() || null
}

/** Pages show the picture to others: the address must lead to nothing that only their network reaches. */
function pictureOrNull(text: unknown, { development }: ProfileRules): string | null {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null
  if (!url || url.href.length > limits.url || url.username !== '' || url.password !== '') return null
  if (development && isLoopbackHost(url.hostname)) return /^https?:$/.test(url.protocol) ? url.href : null
  return url.protocol === 'https:' && isPublicHost(url.hostname) ? url.href : null
}

function isPublicHost(hostname: string): boolean {
  // The DNS root at the end names the same host.
  const host = hostname.replace(/^\[|\]$|\.$/g, '')
  if (isIP(host) !== 0) return isPublicAddress(host)
  return !isLoopbackHost(host) && host.includes('.') && !/\.(?:local|internal|home\.arpa)$/.test(host)
}
