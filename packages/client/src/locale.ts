/** Returns a locale as a BCP 47 language tag, so `fr_FR` as `fr-FR`; undefined for other texts. */
export function languageTag(locale: string | undefined): string | undefined {
  try {
    return Intl.getCanonicalLocales(locale?.replace(/[.@].*/, '').replaceAll('_', '-'))[0]
  } catch {
    return undefined
  }
}
