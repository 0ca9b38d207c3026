/**
 * Keeps an answer, or a refusal, for `ms` after it came; calls that arrive while it is being found share it. What everybody
 * may ask, as often as they like, then costs one question every `ms`.
 */
export function keptAnswer<T>(ms: number, ask: () => Promise<T>): () => Promise<T> {
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
