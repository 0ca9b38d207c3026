import { FocusError } from '../common/errors.ts'
import type { Transport } from './transport.ts'

/** Names with a meaning of their own in routing and preferences. */
const reserved = new Set(['inbox', 'socket', 'websocket', 'all'])

/** @throws FocusError `invalid_option` for a name that is malformed, reserved or used twice */
export function checkTransportNames(transports: readonly Transport[]): void {
  const seen = new Set<string>()
  for (const { name } of transports) {
    if (typeof name !== 'string' || !/^[a-z0-9_-]{1,64}$/.test(name) || reserved.has(name)) {
      throw new FocusError('invalid_option', `transports: ${JSON.stringify(name)} is not a valid transport name.`, {
        hint: 'Use 1 to 64 characters of a-z, 0-9, _ and -, except inbox, socket, websocket and all.',
      })
    }
    if (seen.has(name)) {
      throw new FocusError('invalid_option', `transports: two transports have the name ${name}.`, {
        hint: 'Give one of them another name: slack({ name: "slack-ops", … }).',
      })
    }
    seen.add(name)
  }
}
