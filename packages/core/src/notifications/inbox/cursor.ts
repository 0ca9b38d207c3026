import { FocusError } from '../../common/errors.ts'
import type { InboxPosition } from './inbox-port.ts'

/** Encodes an inbox position as the opaque text of `next_before`. */
export function encodeCursor({ user, all }: InboxPosition): string {
  return Buffer.from(`${finite(user)}.${finite(all)}`).toString('base64url')
}

/** @throws FocusError `invalid_request` for a text that `encodeCursor` did not make */
export function decodeCursor(cursor: string): InboxPosition {
  const found = /^(\d{1,16}|)\.(\d{1,16}|)$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!found) {
    throw new FocusError('invalid_request', 'before: is not a cursor of this inbox.', {
      hint: 'Pass next_before of the previous page, unchanged; leave it out for the newest.',
    })
  }
  return { user: position(found[1]), all: position(found[2]) }
}

function finite(offset: number): string {
  return Number.isFinite(offset) ? String(offset) : ''
}

function position(text: string | undefined): number {
  return text ? Number(text) : Infinity
}
