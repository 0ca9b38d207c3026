import { diff3Merge } from 'node-diff3'

/**
 * Merges three texts by lines: applies the changes from `base` to `theirs` to `mine`. Returns null when both changed
 * the same lines in different ways.
 */
export function mergeTexts(mine: string, base: string, theirs: string): string | null {
  const blocks = diff3Merge(mine.split('\n'), base.split('\n'), theirs.split('\n'), { excludeFalseConflicts: true })
  const merged: string[] = []
  for (const block of blocks) {
    if (block.ok === undefined) return null
    merged.push(...block.ok)
  }
  return merged.join('\n')
}
