import type { MergedTexts } from './log.ts'
import { formatIcu } from './icu.ts'

/** The texts of a notification that `count` ones were merged into. */
export function mergedTexts(
  own: { readonly title: string; readonly message: string },
  merged: MergedTexts | null,
  count: number,
): { title: string; message: string } {
  if (!merged) return { title: own.title, message: own.message }
  const params = { ...merged.params, count }
  return {
    title: merged.title === null ? own.title : formatIcu(merged.title, merged.locale, params),
    message: merged.message === null ? own.message : formatIcu(merged.message, merged.locale, params),
  }
}
