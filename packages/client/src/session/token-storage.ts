/** Where tokens are kept between page loads: `localStorage`, `sessionStorage`, or anything with these three methods. */
export interface TokenStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Keeps tokens for as long as the page lives: the choice where no script may ever read them again. */
export function memoryStorage(): TokenStorage {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}

/**
 * The browser's storage of that name; memory where there is none: outside of browsers, and in browsers whose settings
 * forbid it, which throw at the mere mention.
 */
export function browserStorage(name: 'localStorage' | 'sessionStorage'): TokenStorage {
  try {
    // Node has a global localStorage too: a file shared by everything in the process, never wanted for tokens.
    const storage = typeof globalThis.document === 'undefined' ? undefined : globalThis[name]
    if (!storage) return memoryStorage()
    const probe = 'focus:probe'
    storage.setItem(probe, '1')
    storage.removeItem(probe)
    return storage
  } catch {
    return memoryStorage()
  }
}
