import type { MergedTexts } from '../log-port.ts'
import { contentLimits } from '../sending/content.ts'
import { formatIcu } from '../catalogue/icu.ts'

/** The texts of a notification that `count` ones were merged into. */
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
 * Null where the text cannot be filled: it was checked for a count of two when it was accepted, but a branch for another count
 * may lack a param or become too long. What is accepted is sent.
 */
function fill(text: string | null, { locale, params }: MergedTexts, count: number, maxLength: number): string | null {
  if (text === null) return null
  try {
    const filled = formatIcu(text, locale, { ...params, count })
    return filled.length <= maxLength && filled.isWellFormed() ? filled : null
  } catch {
    return null
  }
}
