/**
 * Caches an answer or an error for `ms` milliseconds. Calls that arrive while the answer is computed share it. A question
 * that anyone may ask without limit then costs one computation every `ms`.
 */
export function cachedAnswer<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { readonly answer: Promise<T>; until: number } | null = null
  return () => {
    if (kept !== null && performance.now() < kept.until) return kept.answer
    const asked = { answer: ask(), until: Infinity }
    const settled = () => {
      asked.until = performance.now() + ms
    }
    asked.answer.then(settled, settled)
    kept = asked
    return asked.answer
  }
}
