import type { PreferenceMatrix } from '../../../transports/preferences/preferences-port.ts'

/** The state that a batch's transaction locked and read, with the changes of the plan. */
export class BatchState {
  /** Ids of waiting rows that still exist. */
  readonly sources = new Set<string>()
  /** Choices of users that hold for all transports and the inbox, by user key. */
  readonly mutes = new Map<string, PreferenceMatrix>()
  readonly dedupe = new KeyedState<{ readonly expiresAt: number }>()
  readonly groups = new KeyedState<{ readonly id: string; readonly expiresAt: number }>()
  readonly rates = new KeyedState<{ readonly times: readonly number[]; readonly expiresAt: number }>()
  /** Queues of rates with deferred entries. */
  readonly queues = new KeyedState<QueueState>()
  /** Notifications that groups point at, by id. */
  readonly notifications = new Map<string, NotificationState>()
  readonly #heads = new Map<string, HeadState>()

  addHead(head: HeadState): void {
    this.#heads.set(head.owner, head)
  }

  head(owner: string): HeadState {
    const head = this.#heads.get(owner)
    if (!head) throw new TypeError('the heads of all owners are locked before a batch is planned')
    return head
  }

  heads(): IterableIterator<HeadState> {
    return this.#heads.values()
  }
}

export interface QueueState {
  /** When the rate has room again, in milliseconds since 1970. */
  readonly dueAt: number
  /** Number of entries that it has room for then. */
  readonly room: number
  readonly expiresAt: number
}

export interface NotificationState {
  readonly id: string
  readonly offset: number
  readonly count: number
  /** The group that it started, which merges by a rate leave unchanged; null for none. */
  readonly groupKey: string | null
  readonly unread: boolean
}

/** The head of a stream while a batch advances it. */
export class HeadState {
  readonly owner: string
  readonly oldest: number
  #head: number
  #unread = 0
  readonly #from: number

  constructor(owner: string, head: number, oldest: number) {
    this.owner = owner
    this.oldest = oldest
    this.#head = head
    this.#from = head
  }

  /** Returns the offset of a new event. */
  advance(unread: 0 | 1): number {
    this.#unread += unread
    this.#head += 1
    return this.#head
  }

  get head(): number {
    return this.#head
  }

  get advancedBy(): number {
    return this.#head - this.#from
  }

  get unreadAdded(): number {
    return this.#unread
  }
}

/** Rows of a policy's table, by owner and key; tracks which of them changed. */
export class KeyedState<Value extends { readonly expiresAt: number }> {
  readonly #entries = new Map<string, { owner: string; key: string; value: Value; changed: boolean }>()

  load(owner: string, key: string, value: Value): void {
    this.#entries.set(compound(owner, key), { owner, key, value, changed: false })
  }

  get(owner: string, key: string, now: number): Value | undefined {
    const value = this.#entries.get(compound(owner, key))?.value
    return value && value.expiresAt > now ? value : undefined
  }

  set(owner: string, key: string, value: Value): void {
    this.#entries.set(compound(owner, key), { owner, key, value, changed: true })
  }

  changed(): Array<{ readonly owner: string; readonly key: string; readonly value: Value }> {
    return [...this.#entries.values()].filter((entry) => entry.changed)
  }
}

/** Returns a key that is unique whatever characters the two hold. */
function compound(owner: string, key: string): string {
  return `${owner.length}:${owner}${key}`
}
