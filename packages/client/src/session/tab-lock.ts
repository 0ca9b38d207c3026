/** How long a tab waits for another one's refresh. A frozen tab may hold the lock for good; the server's grace covers us. */
const patienceMs = 10_000

/**
 * Runs `work` in one tab at a time, by the Web Locks API. Where there is none (old browsers, pages without https) it runs
 * at once, which is safe too: a refresh token that two tabs present within the server's grace gives both the same pair.
 */
export async function withTabLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const locks = globalThis.navigator?.locks
  if (!locks) return work()
  let started = false
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(patienceMs) }, () => {
      started = true
      return work()
    })
  } catch (error) {
    if (started) throw error
    return work()
  }
}
