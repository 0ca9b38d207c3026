/** What a page knows about its chances: `wake` is a good moment to try, `doubt` a good moment to look. */
export interface PageSignals {
  wake(): void
  doubt(): void
}

/** Listens to network and visibility of the page; outside of browsers nothing ever comes. The answer ends it. */
export function listenToPage(signals: PageSignals): () => void {
  const page = globalThis.document
  if (!page || typeof globalThis.addEventListener !== 'function') return () => undefined
  const wake = () => signals.wake()
  const doubt = () => signals.doubt()
  const visible = () => {
    if (page.visibilityState === 'visible') signals.wake()
  }
  globalThis.addEventListener('online', wake)
  globalThis.addEventListener('pageshow', wake)
  globalThis.addEventListener('offline', doubt)
  page.addEventListener('visibilitychange', visible)
  return () => {
    globalThis.removeEventListener('online', wake)
    globalThis.removeEventListener('pageshow', wake)
    globalThis.removeEventListener('offline', doubt)
    page.removeEventListener('visibilitychange', visible)
  }
}
