import type { JsonValue } from '../../one-time.ts'
import type { UserKey } from '../../user-id.ts'

/** What is kept of a sign-in between its start and its callback, under the SHA-256 of its state (S01). */
export interface Flow {
  /** A callback of another provider's path is refused (S08). */
  readonly provider: string
  readonly codeVerifier: string
  readonly nonce: string
  readonly redirectUri: string
  /** SHA-256 of the cookie's value, for flows that a navigation began (S03). */
  readonly bindingHash: string | null
  /** The allow-listed page of another origin whose `fetch` began the flow. */
  readonly origin: string | null
  readonly returnTo: string | null
  /** S256 challenge that the one-time code's taker must answer (S34). */
  readonly codeChallenge: string | null
  /** The signed-in user who adds this account, instead of a sign-in. */
  readonly linkTo: UserKey | null
}

export const flowKind = 'flow'

export function flowToJson(flow: Flow): JsonValue {
  return { ...flow }
}

/** Rows are written by this version or the one before it, so only what this version needs is checked. */
export function flowFromJson(value: JsonValue | null): Flow | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const required = [value['provider'], value['codeVerifier'], value['nonce'], value['redirectUri']]
  const [provider, codeVerifier, nonce, redirectUri] = required.map((field) => (typeof field === 'string' ? field : ''))
  if (!provider || !codeVerifier || !nonce || !redirectUri) return null
  const optional = (name: string) => (typeof value[name] === 'string' ? value[name] : null)
  return {
    provider,
    codeVerifier,
    nonce,
    redirectUri,
    bindingHash: optional('bindingHash'),
    origin: optional('origin'),
    returnTo: optional('returnTo'),
    codeChallenge: optional('codeChallenge'),
    linkTo: optional('linkTo'),
  }
}
