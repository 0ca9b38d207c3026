import { formatIcu } from '../catalogue/icu.ts'
import { contentLimits } from '../content/content-limits.ts'
import type { MergedTexts } from '../log-entry-port.ts'
import { isStorable } from '../../common/text/storable.ts'

/**
 * Returns the texts of a notification that stands for `count` merged ones. A port without a seam: the log calls it inside its
 * transaction, on SQLite in another thread, which functions cannot be passed to.
 */
export function mergedTexts(
  own: { readonly title: string; readonly message: string },
  merged: MergedTexts | null,
  count: number,
): { title: string; message: string } {
  if (!merged) return { title: own.title, message: own.message }
  return {
    title: fill(merged.title, merged, count, contentLimits.titleLength) || own.title,
    message: fill(merged.message, merged, count, contentLimits.messageLength) ?? own.message,
  }
}

/**
 * Returns null if the text cannot be filled. It was checked with a count of two when the notification was accepted, but
 * another plural branch may lack a param or become too long. An accepted notification is sent in any case.
 */
function fill(text: string | null, { locale, params }: MergedTexts, count: number, maxLength: number): string | null {
  if (text === null) return null
  try {
    const filled = formatIcu(text, locale, { ...params, count })
    return filled.length <= maxLength && isStorable(filled) ? filled : null
  } catch {
    return null
  }
}
