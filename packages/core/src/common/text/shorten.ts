const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const ellipsis = '…'
/** A longer grapheme, in UTF-16 units, is a stack of combining marks and may be cut between two code points. */
const maxGraphemeLength = 64

/**
 * Shortens a text to at most `max` UTF-16 units, with an ellipsis at the cut. It never cuts inside a grapheme (UAX #29): a
 * surrogate pair, an emoji of several code points, or a letter with its accents. Shorten before escaping, so that no entity
 * is cut either.
 *
 * @example
 * ```ts
 * shorten('Bravo 👩‍👩‍👧', 8) // 'Bravo …'
 * ```
 */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text
  return max < ellipsis.length ? '' : `${head(text, max - ellipsis.length)}${ellipsis}`
}

/**
 * Shortens a text until its `size` is at most `max`, for texts that grow when they are escaped or encoded as UTF-8.
 *
 * @param size increases with the text, and is at least its length in UTF-16 units
 */
export function shortenTo(text: string, max: number, size: (text: string) => number): string {
  let fits = 0
  let tooLong = Math.min(text.length, max) + 1
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2)
    if (size(shorten(text, middle)) <= max) fits = middle
    else tooLong = middle
  }
  return shorten(text, fits)
}

/** Returns the longest prefix of at most `max` UTF-16 units that ends between graphemes, for columns and keys. */
export function head(text: string, max: number): string {
  if (text.length <= max) return text
  const start = graphemes.segment(text.slice(0, max + maxGraphemeLength)).containing(max)?.index ?? max
  const end = max - start > maxGraphemeLength ? max : start
  return text.slice(0, isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end)
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd8_00 && unit <= 0xdb_ff
}
