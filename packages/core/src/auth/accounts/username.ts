import type { ExternalProfile } from '../ports.ts'

/** Of the 64 characters that fit, the rest is room for a number that makes it unique. */
const maxBaseLength = 48

/**
 * The username that a profile suggests: `John Doe` becomes `john_doe`. Letters lose their accents; what has no Latin letters
 * falls back to the e-mail's local part and then to `user`. Whether it is free is the directory's to find out.
 */
export function suggestUsername(profile: Pick<ExternalProfile, 'fullName' | 'preferredUsername' | 'email'>): string {
  const { fullName, preferredUsername, email } = profile
  for (const source of [fullName, preferredUsername?.split('@')[0], email?.split('@')[0]]) {
    const username = source ? slug(source) : ''
    // What reads as a number (`42`, `1e5`) could be taken for an id where an operator may give either.
    if (/[a-z]/.test(username) && Number.isNaN(Number(username))) return username
  }
  return 'user'
}

function slug(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[æœøđłı]/g, (letter) => transliterations[letter] ?? letter)
    .replace(/[\u0300-\u036f'’]/g, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, maxBaseLength)
    .replace(/_+$/, '')
}

const transliterations: Readonly<Record<string, string>> = { æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', ı: 'i' }
