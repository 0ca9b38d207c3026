/** Storage for tokens between page loads: `localStorage`, `sessionStorage`, or any object with these three methods. */
export interface TokenStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** Returns a storage that lasts as long as the page. Other scripts cannot read it. */
export function memoryStorage(): TokenStorage {
  const items = new Map<string, string>()
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  }
}

/**
 * Returns the browser's storage with this name. Returns a memory storage outside of browsers, and in browsers whose
 * settings forbid storage: there, every access throws.
 */
export function browserStorage(name: 'localStorage' | 'sessionStorage'): TokenStorage {
  try {
    // Node has a global localStorage too. The whole process shares its file, so it is not for tokens.
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
