export type Locale = 'fr' | 'en'

/**
 * The language of a page: the first of the reader's languages (`Accept-Language`, RFC 9110 §12.5.4) that the page is
 * written in, French where none is.
 */
export function pickLocale(acceptLanguage: string | undefined): Locale {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean)
      return { language: tag.split(/[-_]/)[0], quality: quality === undefined ? 1 : Number(quality) }
    })
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
  return wanted.find(({ language }) => language === 'en' || language === 'fr')?.language === 'en' ? 'en' : 'fr'
}
