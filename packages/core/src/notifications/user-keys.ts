import { FocusError } from '../common/errors.ts'
import { toUserKey, type UserId, type UserKey } from '../common/user-id.ts'
import { isStorable } from '../common/text/storable.ts'

/** @throws FocusError `invalid_notification` for a value that is not a valid id */
export function checkedUserKey(id: UserId): UserKey {
  const key = toUserKey(id)
  const valid =
    (typeof id === 'number' && Number.isSafeInteger(id)) ||
    (typeof id === 'string' && key !== '' && key.length <= 191 && isStorable(key))
  if (valid) return key
  throw new FocusError('invalid_notification', 'userId: expected a whole number or a string of 1 to 191 characters.', {
    hint: 'Pass the id of the user as the user directory gives it.',
  })
}
