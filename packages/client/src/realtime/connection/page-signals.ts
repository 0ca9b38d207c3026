/** Signal of the page: after `wake` a try may succeed, after `check` the connection may be broken. */
export type PageSignal = 'wake' | 'check'

/** Listens to network and visibility events, in browsers only. Returns the function that ends it. */
export function listenToPage(listener: (signal: PageSignal) => void): () => void {
  const page = globalThis.document
  if (!page || typeof globalThis.addEventListener !== 'function') return () => undefined
  const wake = () => listener('wake')
  const check = () => listener('check')
  const visible = () => {
    if (page.visibilityState === 'visible') wake()
  }
  const listening = new AbortController()
  const { signal } = listening
  globalThis.addEventListener('online', wake, { signal })
  globalThis.addEventListener('pageshow', wake, { signal })
  globalThis.addEventListener('offline', check, { signal })
  page.addEventListener('visibilitychange', visible, { signal })
  return () => listening.abort()
}
