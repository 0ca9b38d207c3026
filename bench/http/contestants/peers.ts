import { createSecretKey, randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import express, { type RequestHandler } from 'express'
import { createVerifier } from 'fast-jwt'
import { SignJWT } from 'jose'
import passport from 'passport'
import { ExtractJwt, Strategy } from 'passport-jwt'
import type { StartContestant } from '../contestant.ts'

const issuer = 'https://issuer.example'
const audience = 'bench'

/** Other libraries before the same route. Each checks signature, expiry, issuer and audience of an HS256 token. */
export const peers = {
  'express passport-jwt': async () => {
    const { secret, headers } = await hs256()
    passport.use(
      new Strategy(
        {
          jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
          // A KeyObject, because a Buffer would be imported for every token.
          secretOrKey: createSecretKey(secret),
          algorithms: ['HS256'],
          issuer,
          audience,
        },
        (payload, done) => done(null, { id: payload.sub }),
      ),
    )
    return { server: protectedBy(passport.authenticate('jwt', { session: false })), headers }
  },
  'express fast-jwt': async () => {
    const { secret, headers } = await hs256()
    return { server: protectedBy(bearer(verifier(secret, false))), headers }
  },
  'express fast-jwt, cached': async () => {
    const { secret, headers } = await hs256()
    return { server: protectedBy(bearer(verifier(secret, true))), headers }
  },
} satisfies Record<string, StartContestant>

type Verify = (token: string) => { sub: string }

function verifier(key: Buffer, cache: boolean): Verify {
  return createVerifier({ key, algorithms: ['HS256'], allowedIss: issuer, allowedAud: audience, cache })
}

function bearer(verify: Verify): RequestHandler {
  return (req, res, next) => {
    try {
      Object.assign(req, { user: { id: verify(req.headers.authorization?.slice(7) ?? '').sub } })
    } catch {
      res.status(401).end()
      return
    }
    next()
  }
}

function protectedBy(middleware: RequestHandler): Server {
  const app = express()
  app.get('/protected', middleware, (req, res) => void res.json({ id: req.user.id }))
  return createServer(app)
}

async function hs256(): Promise<{ secret: Buffer; headers: Record<string, string> }> {
  const secret = randomBytes(32)
  const token = await new SignJWT({ sid: 'one-session-of-the-bench', client_id: 'bench' })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject('1')
    .setJti('one-token-of-the-bench')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(secret)
  return { secret, headers: { authorization: `Bearer ${token}` } }
}
