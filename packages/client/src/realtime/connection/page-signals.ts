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
  const listening = new AbortController()
  const { signal } = listening
  globalThis.addEventListener('online', wake, { signal })
  globalThis.addEventListener('pageshow', wake, { signal })
  globalThis.addEventListener('offline', doubt, { signal })
  page.addEventListener('visibilitychange', visible, { signal })
  return () => listening.abort()
}
