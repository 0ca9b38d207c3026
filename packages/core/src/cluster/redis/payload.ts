import { hkdfSync, timingSafeEqual } from 'node:crypto'
import type { BrokerMessage } from '../broker-port.ts'
import { PayloadKey } from './payload-key.ts'

/** 128 bits and a little more, as base64url. */
const signatureLength = 22

/**
 * Payloads of one node: `<name of the sending node>|<signatures>|<JSON array of messages>`, so that a node recognises its own ones
 * without reading them. Each signature is an HMAC-SHA-256 under a key of `FOCUS_SECRET`, so that whoever may publish in Redis
 * cannot speak for a node. While secrets are replaced there are two, separated by a comma, so that nodes with either understand it.
 */
export class Payloads {
  readonly #own: string
  readonly #keys: readonly PayloadKey[]

  /**
   * @param cluster the id of the database
   * @param secrets all secrets of Focus; at least one
   */
  constructor(node: string, cluster: string, secrets: readonly string[]) {
    this.#own = `${node}|`
    this.#keys = secrets.map((secret) => {
      return new PayloadKey(new Uint8Array(hkdfSync('sha256', secret, cluster, 'messages between nodes', 32)))
    })
  }

  /** @param messages encoded as JSON */
  encode(messages: readonly string[]): string {
    const content = messages.length === 1 ? `[${messages[0]}]` : `[${messages.join(',')}]`
    const signatures = this.#keys.map((key) => sign(this.#own, content, key)).join(',')
    return `${this.#own}${signatures}|${content}`
  }

  isOwn(payload: string): boolean {
    return payload.startsWith(this.#own)
  }

  /** Reads the messages of a payload; returns null for a payload that no node wrote. Messages of no known form are left out. */
  decode(payload: string): readonly BrokerMessage[] | null {
    const endOfName = payload.indexOf('|') + 1
    const endOfSignatures = payload.indexOf('|', endOfName)
    if (endOfName === 0 || endOfSignatures === -1) return null
    const name = payload.slice(0, endOfName)
    const signatures = payload.slice(endOfName, endOfSignatures)
    const content = payload.slice(endOfSignatures + 1)
    if (!this.#isSigned(name, content, signatures)) return null
    try {
      const messages: unknown = JSON.parse(content)
      const from = name.slice(0, -1)
      return Array.isArray(messages) ? messages.filter((message) => isMessage(message, from)) : null
    } catch {
      return null
    }
  }

  #isSigned(name: string, content: string, signatures: string): boolean {
    // Two at most: nobody makes a node compute many.
    const given = signatures.split(',', 3).map((signature) => Buffer.from(signature))
    return this.#keys.some((key) => {
      const expected = Buffer.from(sign(name, content, key))
      return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected))
    })
  }
}

/** The name ends with a character that names do not have. */
function sign(name: string, content: string, key: PayloadKey): string {
  return key.sign(name + content).slice(0, signatureLength)
}

function isMessage(value: unknown, from: string): value is BrokerMessage {
  return typeof value === 'object' && value !== null && 'kind' in value && 'from' in value && value.from === from
}
