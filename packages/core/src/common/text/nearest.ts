/** Returns the candidate with the smallest Levenshtein distance, ignoring case; null if there are no candidates. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  return candidates.toSorted((a, b) => distance(name, a) - distance(name, b))[0] ?? null
}

/** Returns the candidate that was probably meant: it differs by a few letters or starts with the same ones; null otherwise. */
export function misspelt(name: string, candidates: readonly string[]): string | null {
  const near = nearest(name, candidates)
  if (near !== null && distance(name, near) <= Math.max(2, Math.floor(name.length / 3))) return near
  return candidates.find((known) => name.length > 3 && (known.startsWith(name) || name.startsWith(known))) ?? null
}

function distance(a: string, b: string): number {
  return editDistance(a.toLowerCase(), b.toLowerCase())
}

/** Computes the distance row by row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
