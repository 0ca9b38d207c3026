import type { BrokerMessage } from '../broker-port.ts'
import { nodeNameOf } from '../node-ids.ts'
import type { UserKey } from '../../common/user-id.ts'
import type { Layout } from './layout.ts'
import { groupCount, groupOf, slotOf } from './cluster-slots.ts'

/** A channel, the server that carries it, and the slot that it shares with others. */
export interface Channel {
  readonly name: string
  /** Index of the server in the layout. */
  readonly server: number
  /** Channels with the same number can be subscribed by one command. */
  readonly slot: number
}

/**
 * Names the channels of one database: one for each user, one for each node, and one for all nodes. In a Redis Cluster a hash tag
 * spreads them over the masters: `focus:<cluster>:{<group>}:u:<user key>`.
 */
export class Channels {
  /** Everything that all nodes must hear. */
  readonly all: Channel
  readonly #prefix: string
  readonly #slots: readonly { readonly server: number; readonly slot: number }[] | null

  /** @param cluster the id of the database, from `focus_meta` */
  constructor(cluster: string, { serverOfSlot }: Layout) {
    this.#prefix = `focus:${cluster}:`
    this.#slots =
      serverOfSlot === null
        ? null
        : Array.from({ length: groupCount }, (_, group) => {
            const slot = slotOf(String(group))
            return { slot, server: serverOfSlot[slot] ?? 0 }
          })
    this.all = this.#channel(0, 'all')
  }

  ofUser(userKey: UserKey): Channel {
    return this.#channel(this.#slots === null ? 0 : groupOf(userKey), `u:${userKey}`)
  }

  /** @param id the name of a node, or its id in messages */
  ofNode(id: string): Channel {
    const node = nodeNameOf(id)
    return this.#channel(this.#slots === null ? 0 : groupOf(node), `n:${node}`)
  }

  /** Returns the channel that reaches the receivers of a message. */
  of(message: BrokerMessage): Channel {
    if (message.kind === 'notifications' || message.kind === 'state') {
      return message.userKey === null ? this.all : this.ofUser(message.userKey)
    }
    const to = 'to' in message ? message.to : null
    return to === null ? this.all : this.ofNode(to)
  }

  #channel(group: number, name: string): Channel {
    if (this.#slots === null) return { name: this.#prefix + name, server: 0, slot: 0 }
    const { slot, server } = this.#slots[group] ?? { slot: 0, server: 0 }
    return { name: `${this.#prefix}{${group}}:${name}`, server, slot }
  }
}
