import type { Adapter, AdapterPayload } from 'oidc-provider'

interface Entry {
  readonly payload: AdapterPayload
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** Number of entries above which expired ones are removed, so that a server that runs for weeks stays small. */
const SWEEP_AT = 1_000

/**
 * Storage of the dev issuer for sign-ins in progress: codes, grants, sessions. It can be lost at a restart: people are
 * derived from the typed name, and the keys are in the data folder.
 */
export class MemoryStore implements Adapter {
  readonly #entries: Map<string, Entry>
  readonly #prefix: string

  constructor(entries: Map<string, Entry>, model: string) {
    this.#entries = entries
    this.#prefix = `${model}:`
  }

  /** Creates one store per issuer, with a view for each model of the provider. */
  static factory(): (model: string) => Adapter {
    const entries = new Map<string, Entry>()
    return (model) => new MemoryStore(entries, model)
  }

  async upsert(id: string, payload: AdapterPayload, expiresInSeconds = 3600): Promise<void> {
    if (this.#entries.size >= SWEEP_AT) this.#sweep()
    this.#entries.set(this.#prefix + id, { payload, expiresAt: Date.now() + expiresInSeconds * 1000 })
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const entry = this.#entries.get(this.#prefix + id)
    return entry !== undefined && entry.expiresAt > Date.now() ? entry.payload : undefined
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#first((payload) => payload.uid === uid)
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#first((payload) => payload.userCode === userCode)
  }

  async consume(id: string): Promise<void> {
    const payload = await this.find(id)
    if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
  }

  async destroy(id: string): Promise<void> {
    this.#entries.delete(this.#prefix + id)
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    for (const [key, { payload }] of this.#entries) if (payload.grantId === grantId) this.#entries.delete(key)
  }

  #first(matches: (payload: AdapterPayload) => boolean): AdapterPayload | undefined {
    const now = Date.now()
    for (const [key, { payload, expiresAt }] of this.#entries) {
      if (key.startsWith(this.#prefix) && expiresAt > now && matches(payload)) return payload
    }
    return undefined
  }

  #sweep(): void {
    const now = Date.now()
    for (const [key, { expiresAt }] of this.#entries) if (expiresAt <= now) this.#entries.delete(key)
  }
}
