import { createSecretKey, randomBytes } from 'node:crypto'
import jsonwebtoken from 'jsonwebtoken'
import type { Contestant } from '../contestant.ts'
import { socketIo } from './socket-io.ts'

/** Socket.IO with the usual middleware: HS256 by jsonwebtoken, with a KeyObject. */
export function socketIoWithTokens(): Contestant {
  const key = createSecretKey(randomBytes(32))
  const options = { algorithms: ['HS256'], issuer: 'focus', audience: 'focus' } satisfies jsonwebtoken.VerifyOptions
  return {
    ...socketIo((token) => String(jsonwebtoken.verify(token, key, options).sub)),
    tokens: async (count) =>
      Array.from({ length: count }, (_, index) =>
        jsonwebtoken.sign({ sid: `session-${index}` }, key, {
          algorithm: 'HS256',
          subject: String(index + 1),
          issuer: 'focus',
          audience: 'focus',
          expiresIn: 3_600,
        }),
      ),
  }
}
