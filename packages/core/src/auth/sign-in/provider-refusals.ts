import { FocusError } from '../../common/errors.ts'

/**
 * Errors of a provider that the page can act on: RFC 6749 §4.1.2.1 and, for `prompt=none`, OpenID Connect Core §3.1.2.6.
 */
const passedOn = {
  access_denied: { message: 'The sign-in was refused.', hint: 'Start again and agree to it.' },
  login_required: { message: 'No user is signed in at the provider.', hint: 'Start again without prompt=none.' },
  consent_required: {
    message: 'The provider needs the consent of the user.',
    hint: 'Start again without prompt=none.',
  },
  interaction_required: {
    message: 'The provider has to ask the user something.',
    hint: 'Start again without prompt=none.',
  },
  account_selection_required: {
    message: 'The user has to choose an account at the provider.',
    hint: 'Start again with prompt=select_account.',
  },
  temporarily_unavailable: { message: 'The provider is overloaded or unavailable.', hint: 'Start again in a moment.' },
} as const

/** Returns the error for the `error` parameter of a callback. */
export function refusedByProvider(error: string): FocusError {
  if (isPassedOn(error)) {
    const { message, hint } = passedOn[error]
    return new FocusError(error, message, { hint })
  }
  const known = /^[a-z_]{1,64}$/.test(error) ? error : 'an unknown error'
  return new FocusError('provider_error', `The sign-in provider reported ${known}.`, {
    hint: 'Start the sign-in again. If the error persists, check the settings of the client at the provider.',
  })
}

function isPassedOn(error: string): error is keyof typeof passedOn {
  return Object.hasOwn(passedOn, error)
}
