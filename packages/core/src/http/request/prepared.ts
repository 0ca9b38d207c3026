import { type Refusal, refusalReasons } from '../../admission/refusal.ts'
import { invalidToken } from '../../auth/tokens/token-errors.ts'
import { FocusError } from '../../common/errors.ts'
import { accessTokenMissing } from './require-principal.ts'
import { type Answer, problemAnswer } from '../responses.ts'

/** Refusals that never vary. Each is built once, so that a flood of them costs little. */
const errors = {
  unauthenticated: accessTokenMissing(),
  unauthenticated_stream: new FocusError('unauthenticated', 'The event stream needs an access token or a ticket.', {
    hint: 'Send Authorization: Bearer <access token>, or POST /ws/ticket with {"use":"stream"} and add ?ticket=<ticket>.',
  }),
  unauthenticated_admin: new FocusError('unauthenticated', 'This route needs the admin key.', {
    hint: 'Send the header Authorization: Bearer <FOCUS_ADMIN_KEY>.',
  }),
  admin_key_missing: new FocusError(
    'admin_key_missing',
    'Admin routes are closed because no admin key is configured.',
    {
      hint: 'Set FOCUS_ADMIN_KEY to a long random value and start the server again.',
    },
  ),
  invalid_admin_key: new FocusError(
    'invalid_admin_key',
    'The admin key is not the one that this server was started with.',
    { hint: 'Compare FOCUS_ADMIN_KEY here and on the server.' },
  ),
  invalid_token: invalidToken(),
} as const

export type PreparedName = keyof typeof errors

const answers = new Map<string, Answer>()

/**
 * Returns a refusal that never varies.
 *
 * @param oauth adds RFC 6749's `error` and `error_description`
 */
export function prepared(name: PreparedName, oauth = false): Answer {
  return cached(`${name}:${oauth}`, () => problemAnswer(errors[name], { oauth }))
}

/** Returns the answer for an empty budget. */
export function preparedRefusal({ reason, retryAfterSeconds }: Refusal, oauth = false): Answer {
  const answer = cached(`refusal:${reason}:${oauth}`, () => {
    const { code, message, hint } = refusalReasons[reason]
    return problemAnswer(new FocusError(code, message, { hint }), { oauth })
  })
  return { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfterSeconds) } }
}

function cached(key: string, build: () => Answer): Answer {
  const known = answers.get(key)
  if (known !== undefined) return known
  const answer = build()
  answers.set(key, answer)
  return answer
}
