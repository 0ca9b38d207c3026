// Types of the parts that the benchmark uses. The packages' own types declare `Express.Request.user` as optional, which
// conflicts with ours in one program.
declare module 'passport' {
  import type { RequestHandler } from 'express'
  const passport: {
    use(strategy: object): void
    authenticate(name: string, options: { session: boolean }): RequestHandler
  }
  export default passport
}
declare module 'passport-jwt' {
  export const ExtractJwt: { fromAuthHeaderAsBearerToken(): unknown }
  export class Strategy {
    constructor(options: object, verify: (payload: { sub: string }, done: (error: null, user: object) => void) => void)
  }
}
