import type { AccessTokens } from './session.ts'

/** An access token, or a function that gives one that is good now; null when nobody is signed in. */
export type AccessTokenSource = string | (() => string | null | Promise<string | null>)

/** Tokens that somebody else looks after, such as another sign-in library. */
export function givenTokens(source: AccessTokenSource): AccessTokens {
  const get = async () => (typeof source === 'string' ? source : source())
  return {
    get,
    async renew(rejected) {
      const token = await get()
      return token === rejected ? null : token
    },
  }
}
