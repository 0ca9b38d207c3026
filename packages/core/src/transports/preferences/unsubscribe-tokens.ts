import { createHmac, timingSafeEqual } from 'node:crypto'
import type { UserKey } from '../../common/user-id.ts'
import { wildcard } from './preferences-port.ts'

/** The topic and transport that a link in a message switches off. */
export interface Unsubscription {
  readonly userKey: UserKey
  /** The topic; `*` for a message without one. */
  readonly event: string
  readonly transport: string
}

const maxTokenLength = 2_000

/**
 * Signed tokens for links that switch one topic off at one transport for one user, without a sign-in. They never expire: mails are
 * read years later, and the link can do nothing else.
 */
export class UnsubscribeTokens {
  readonly #secrets: readonly string[]

  /** @param secrets the newest first: it signs; the older ones only verify */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
  }

  issue({ userKey, event, transport }: Unsubscription): string {
    const claims = Buffer.from(JSON.stringify([userKey, event, transport])).toString('base64url')
    return `${claims}.${sign(this.#secrets[0] ?? '', claims).toString('base64url')}`
  }

  /** Returns null for a token that this installation did not issue. */
  read(token: string): Unsubscription | null {
    const [claims = '', signature = ''] = token.length <= maxTokenLength ? token.split('.') : []
    const presented = Buffer.from(signature, 'base64url')
    const valid = this.#secrets.some((secret) => {
      const expected = sign(secret, claims)
      return presented.length === expected.length && timingSafeEqual(presented, expected)
    })
    if (!valid) return null
    const [userKey, event, transport] = JSON.parse(Buffer.from(claims, 'base64url').toString()) as string[]
    return { userKey: userKey ?? '', event: event ?? wildcard, transport: transport ?? '' }
  }
}

function sign(secret: string, claims: string): Buffer {
  return createHmac('sha256', secret).update(`focus unsubscribe ${claims}`).digest()
}
