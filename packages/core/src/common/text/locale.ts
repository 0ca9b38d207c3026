/** Width of the columns `focus_users.locale` and `focus_locales.locale`. */
const maxLength = 35

/**
 * Returns a language tag in its canonical form (BCP 47): `fr_FR`, `FR-fr` and POSIX's `fr_FR.UTF-8` become `fr-FR`. Returns
 * null for a text that names no language, because `Intl` throws on such texts.
 */
export function canonicalLocale(text: unknown): string | null {
  if (typeof text !== 'string') return null
  const tag = text
    .trim()
    .replace(/[.@].*$/s, '')
    .replaceAll('_', '-')
  if (tag.length > maxLength) return null
  try {
    const [locale = null] = Intl.getCanonicalLocales(tag)
    // `C` and `POSIX` name no language. The first is not a valid tag, the second is.
    return locale === null || locale.length > maxLength || locale === 'posix' ? null : locale
  } catch {
    return null
  }
}

/** Returns which of Focus' own languages a tag names, without its region; null for any other language. */
export function ownLanguage(text: unknown): 'fr' | 'en' | null {
  const language = canonicalLocale(text)?.split('-')[0]
  return language === 'fr' || language === 'en' ? language : null
}
