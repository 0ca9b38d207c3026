/**
 * Action after a close code (`PROTOCOL.md`): `reconnect`; `renew` the token first; `forget` the position first; or `stop`
 * until the next sign-in or `connect()`.
 */
export type CloseAction = 'reconnect' | 'renew' | 'forget' | 'stop'

/**
 * 4500 and 4503 refuse the token, not the user: another tab may have signed in again, so one try with another token is
 * worthwhile. Servers of the first protocol refuse a token with 1008.
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
