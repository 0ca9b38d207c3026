import { createSecretKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { createFocus, type Focus } from '@focus-api/core'
import { requireUser } from '@focus-api/adapters/express'
import type { RequestHandler } from 'express'
import { createVerifier } from 'fast-jwt'
import { SignJWT } from 'jose'
import { Passport } from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'

/** What stands in front of the route, and the token that gets through. */
export interface Contestant {
  readonly middleware: readonly RequestHandler[]
  readonly token: string
}

const issuer = 'https://bench.example'
const audience = 'bench'

/** Each checks signature, expiry, issuer and audience, and leaves the person in `req.user`. */
export const contestants = {
  'no auth': async (): Promise<Contestant> => ({ middleware: [], token: 'none' }),

  focus: async (): Promise<Contestant> => {
    const focus = await createFocus({ env: {}, database: 'sqlite::memory:', rateLimits: false })
    return { middleware: [requireUser(focus)], token: await tokenOf(focus) }
  },

  'passport-jwt': async (): Promise<Contestant> => {
    const { secret, token } = await hs256()
    const passport = new Passport()
    passport.use(
      new Strategy(
        {
          jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
          // A KeyObject is not in its types; a Buffer would be imported anew for every token.
          secretOrKey: secret as unknown as Buffer,
          algorithms: ['HS256'],
          issuer,
          audience,
        },
        (payload: { sub: string }, done) => done(null, { id: payload.sub }),
      ),
    )
    return { middleware: [passport.authenticate('jwt', { session: false }) as RequestHandler], token }
  },

  'fast-jwt': async (): Promise<Contestant> => {
    const { bytes, token } = await hs256()
    const verify = createVerifier({
      key: bytes,
      algorithms: ['HS256'],
      allowedIss: issuer,
      allowedAud: audience,
      cache: true,
    })
    return { middleware: [bearer(verify)], token }
  },

  'fast-jwt EdDSA': async (): Promise<Contestant> => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const token = await signed(privateKey, 'EdDSA')
    const key = publicKey.export({ format: 'pem', type: 'spki' })
    const verify = createVerifier({ key, algorithms: ['EdDSA'], allowedIss: issuer, allowedAud: audience, cache: true })
    return { middleware: [bearer(verify)], token }
  },
} as const satisfies Record<string, () => Promise<Contestant>>

export type ContestantName = keyof typeof contestants

export function isContestant(name: string | undefined): name is ContestantName {
  return name !== undefined && Object.hasOwn(contestants, name)
}

async function tokenOf(focus: Focus): Promise<string> {
  const directoryEntry = {
    provider: 'bench',
    issuer,
    subject: 'person',
    email: null,
    emailVerified: false,
    fullName: 'Bench Person',
    givenName: null,
    avatarUrl: null,
    preferredUsername: null,
    locale: null,
  }
  const { user } = await focus.auth.accounts.signIn(directoryEntry)
  return (await focus.auth.sessions.start(user, 'bench')).accessToken
}

function bearer(verify: (token: string) => { sub: string }): RequestHandler {
  return (req, res, next) => {
    try {
      const { sub } = verify(req.headers.authorization?.slice(7) ?? '')
      Object.assign(req, { user: { id: sub } })
      next()
    } catch {
      res.status(401).end()
    }
  }
}

async function hs256(): Promise<{ bytes: Buffer; secret: KeyObject; token: string }> {
  const bytes = randomBytes(32)
  const secret = createSecretKey(bytes)
  return { bytes, secret, token: await signed(secret, 'HS256') }
}

async function signed(key: KeyObject, alg: string): Promise<string> {
  return await new SignJWT({ jti: 'bench-jti', sid: 'bench-session', client_id: 'bench' })
    .setProtectedHeader({ alg, typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('1')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key)
}
