import { isIP } from 'node:net'
import { asciiLowerCase } from '../../common/text/ascii-lower-case.ts'
import { FocusError } from '../../common/errors.ts'
import { canonicalLocale } from '../../common/text/locale.ts'
import { isLoopbackHost } from '../../net/urls.ts'
import { isPublicAddress } from '../../net/addresses/public-address.ts'
import { head } from '../../common/text/shorten.ts'
import type { ExternalProfile } from './user-directory-port.ts'
import { isStorable } from '../../common/text/storable.ts'

/** Longest value of each field, in UTF-16 code units: the size of the columns of `focus_users` and `focus_accounts`. */
const limits = { key: 255, email: 320, name: 255, url: 2_048 } as const

export interface ProfileRules {
  /** Whether only this machine reaches this installation; pictures may then come from it, also by plain http. */
  readonly development: boolean
}

/**
 * Returns a provider's profile in the normal form in which users are found and stored:
 *
 * - `email`: A to Z in lower case, other characters unchanged (A4); null unless it is an address of at most 320 characters
 * - names: cut to 255 characters at a grapheme boundary, with control characters replaced by spaces; without a `fullName`, the
 *   given and the family name are joined (A22)
 * - `avatarUrl`: https without credentials, not on this machine or a private network, at most 2,048 characters (V14)
 * - `locale`: a BCP 47 tag in canonical form
 *
 * @throws FocusError `provider_error` when the issuer or the subject cannot be a key (S12)
 */
export function checkedProfile(profile: ExternalProfile, rules: ProfileRules): ExternalProfile {
  if (!isKey(profile.issuer) || !isKey(profile.subject)) {
    throw new FocusError(
      'provider_error',
      `${profile.provider} identifies the user by a string that is empty, too long or malformed.`,
      {
        hint: `Issuer and subject must be well-formed strings of 1 to ${limits.key} characters.`,
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

/** Custom providers may be written in plain JavaScript, and the string `"true"` proves nothing (S13). */
function isTrue(value: unknown): boolean {
  return value === true
}

/** Two keys with lone surrogates would be stored as one. */
function isKey(text: unknown): boolean {
  return typeof text === 'string' && text !== '' && text.length <= limits.key && isStorable(text)
}

/** Refuses white space instead of trimming it: trimming removes more than ASCII, and could merge two addresses. */
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

/** Pages show the picture to other users, so its address must not lead into their private networks. */
function pictureOrNull(text: unknown, { development }: ProfileRules): string | null {
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : null
  if (!url || url.href.length > limits.url || url.username !== '' || url.password !== '') return null
  if (development && isLoopbackHost(url.hostname)) return /^https?:$/.test(url.protocol) ? url.href : null
  return url.protocol === 'https:' && isPublicHost(url.hostname) ? url.href : null
}

function isPublicHost(hostname: string): boolean {
  // A trailing dot (the DNS root) names the same host.
  const host = hostname.replace(/^\[|\]$|\.$/g, '')
  if (isIP(host) !== 0) return isPublicAddress(host)
  return !isLoopbackHost(host) && host.includes('.') && !/\.(?:local|internal|home\.arpa)$/.test(host)
}
