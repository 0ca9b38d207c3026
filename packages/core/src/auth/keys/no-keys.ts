import { errors } from 'jose'
import { FocusError } from '../../common/errors.ts'
import type { TokenKeys } from './token-keys.ts'

/** Where somebody else issues the tokens there is nothing to sign with, and nothing to publish. */
export class NoKeys implements TokenKeys {
  readonly algorithms: readonly string[] = []
  readonly generation = 0

  async start(): Promise<void> {}
  async maintain(): Promise<void> {}

  async signing(): Promise<never> {
    throw issuedElsewhere()
  }

  async verification(): Promise<never> {
    throw new errors.JWKSNoMatchingKey()
  }

  async jwks(): Promise<{ readonly keys: readonly [] }> {
    return { keys: [] }
  }

  async list(): Promise<[]> {
    return []
  }

  async rotate(): Promise<never> {
    throw issuedElsewhere()
  }
}

function issuedElsewhere(): FocusError {
  return new FocusError('invalid_request', 'Tokens are issued elsewhere (tokens.jwksUri).', {
    hint: 'Ask the issuer of the tokens.',
  })
}
