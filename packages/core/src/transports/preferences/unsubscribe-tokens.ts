import { createHmac, timingSafeEqual } from 'node:crypto'
import type { UserKey } from '../../common/user-id.ts'
import { everything } from './preferences-port.ts'

/** What a link in a message switches off. */
export interface Unsubscription {
  readonly userKey: UserKey
  /** `*` for a message without a topic. */
  readonly event: string
  readonly transport: string
}

const maxTokenLength = 2_000

/**
 * Links that switch one topic off at one transport for one person, without a sign-in and for ever: mails are read years later, and
 * all that such a link can do is this.
 */
export class UnsubscribeTokens {
  readonly #secrets: readonly string[]

  /** @param secrets the newest first, which signs */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets
  }

  issue({ userKey, event, transport }: Unsubscription): string {
    const claims = Buffer.from(JSON.stringify([userKey, event, transport])).toString('base64url')
    return `${claims}.${sign(this.#secrets[0] ?? '', claims).toString('base64url')}`
  }

  /** Null for a token that is not ours. */
  read(token: string): Unsubscription | null {
    const [claims = '', signature = ''] = token.length <= maxTokenLength ? token.split('.') : []
    const presented = Buffer.from(signature, 'base64url')
    const valid = this.#secrets.some((secret) => {
      const expected = sign(secret, claims)
      return presented.length === expected.length && timingSafeEqual(presented, expected)
    })
    if (!valid) return null
    const [userKey, event, transport] = JSON.parse(Buffer.from(claims, 'base64url').toString()) as string[]
    return { userKey: userKey ?? '', event: event ?? everything, transport: transport ?? '' }
  }
}

function sign(secret: string, claims: string): Buffer {
  return createHmac('sha256', secret).update(`focus unsubscribe ${claims}`).digest()
}
