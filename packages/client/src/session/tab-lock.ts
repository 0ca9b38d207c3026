/** Time limit for the lock, because a frozen tab may never release it. The server's grace period then avoids errors. */
const lockTimeoutMs = 10_000

/**
 * Runs `work` in one tab at a time, with the Web Locks API. Without the API (pages without https) it runs immediately. That
 * is safe too: two refreshes with one token within the server's grace period return the same pair.
 */
export async function withTabLock<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const locks = globalThis.navigator?.locks
  if (!locks) return work()
  let started = false
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(lockTimeoutMs) }, () => {
      started = true
      return work()
    })
  } catch (error) {
    if (started) throw error
    return work()
  }
}
