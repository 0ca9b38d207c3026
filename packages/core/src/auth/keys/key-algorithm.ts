import type { JWK } from 'jose'

const byKind: Readonly<Record<string, string>> = {
  'OKP Ed25519': 'EdDSA',
  'EC P-256': 'ES256',
  'EC P-384': 'ES384',
  'EC P-521': 'ES512',
  'RSA ': 'RS256',
}

/** Returns the signature algorithm of a key: its `alg`, or the usual one of its type; undefined for an unknown type. */
export function algorithmOf({ alg, kty, crv }: JWK): string | undefined {
  return alg ?? byKind[`${kty ?? ''} ${crv ?? ''}`]
}
