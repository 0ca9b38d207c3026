import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'

const systemHosts = process.platform === 'win32' ? 'C:\\Windows\\System32\\drivers\\etc\\hosts' : '/etc/hosts'
const rereadMs = 5_000

/** Resolves names with the hosts file (hosts(5)), which it reads again at most every 5 seconds. */
export class HostsFile {
  readonly #path: string | false
  #readAt: number | null = null
  #names: ReadonlyMap<string, readonly string[]> = new Map()

  /** @param path false for no file */
  constructor(path: string | false = systemHosts) {
    this.#path = path
  }

  addressesOf(name: string): readonly string[] {
    const now = performance.now()
    if (this.#path !== false && (this.#readAt === null || now - this.#readAt > rereadMs)) {
      this.#readAt = now
      this.#names = read(this.#path)
    }
    return this.#names.get(name) ?? []
  }
}

/** Synchronous, because an asynchronous read would wait for libuv's thread pool, which lookups of the system may block. */
function read(path: string): Map<string, string[]> {
  const names = new Map<string, string[]>()
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // Some machines have no hosts file.
  }
  for (const line of text.split('\n')) {
    const [address = '', ...aliases] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    if (isIP(address) === 0) continue
    for (const alias of aliases) {
      const name = alias.toLowerCase()
      names.set(name, [...(names.get(name) ?? []), address])
    }
  }
  return names
}
