/**
 * What a close code asks for (`PROTOCOL.md`): `reconnect`; `renew` the token first; `forget` the position first; or `stop`
 * until something changes.
 */
export type CloseAction = 'reconnect' | 'renew' | 'forget' | 'stop'

/**
 * 4500 and 4503 refuse the token that was shown, not the person: another tab may have signed in again meanwhile, so they
 * are worth one try with another token. 1008 is how servers that know only the first protocol refuse a token.
 */
const actions: Readonly<Record<number, CloseAction>> = {
  1008: 'renew',
  4001: 'renew',
  4003: 'forget',
  4500: 'renew',
  4503: 'renew',
}

export function closeAction(code: number): CloseAction {
  return actions[code] ?? (code >= 4500 && code < 5000 ? 'stop' : 'reconnect')
}
