import { FocusError } from '../../common/errors.ts'
import { nameOf, type RedisServer } from './redis-address.ts'

interface Explanation {
  readonly message: string
  readonly hint: string
  readonly definitive: boolean
}

/** Why Redis cannot be used: a sentence for operators, without secrets, and one action. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure'
  readonly hint: string
  /** Whether trying again is pointless until the configuration of Focus or Redis changes. */
  readonly definitive: boolean

  constructor({ message, hint, definitive }: Explanation, cause?: unknown) {
    super(message, { cause })
    this.hint = hint
    this.definitive = definitive
  }

  /** Returns the failure as the error of a start. */
  toFocusError(): FocusError {
    return new FocusError('invalid_option', `REDIS_URL: ${this.message}`, { hint: this.hint, cause: this.cause })
  }
}

const reachHint = 'Start Redis, or correct the host and port in REDIS_URL, and check that this machine can reach them.'
const certificateHint =
  'Set NODE_EXTRA_CA_CERTS to the certificate of the authority that signed it, or correct the certificate.'

/** Explanations of what Redis answers, by the beginning of the answer. */
const answers: readonly [RegExp, (server: string, answer: string) => Explanation][] = [
  [
    /^(WRONGPASS|ERR invalid password|ERR AUTH|ERR Client sent AUTH)/,
    (server) => ({
      message: `Redis at ${server} refuses the user name or password.`,
      hint: 'Correct the user name and password in REDIS_URL; write special characters as %40.',
      definitive: true,
    }),
  ],
  [
    /^NOAUTH/,
    (server) => ({
      message: `Redis at ${server} requires a password.`,
      hint: 'Add it to REDIS_URL: redis://user:password@host:6379.',
      definitive: true,
    }),
  ],
  [
    /^NOPERM/,
    (server, answer) => ({
      message: `Redis at ${server} does not permit what Focus needs: ${answer.replace(/^NOPERM\s*/, '').replace(/\.$/, '')}.`,
      hint: 'Give the user the rules `&focus:* ~focus:* +@pubsub +@connection +eval +role +info +cluster|slots`.',
      definitive: true,
    }),
  ],
  [
    /^ERR (DB index|invalid DB index|SELECT is not allowed)/i,
    (server) => ({
      message: `Redis at ${server} does not have the database that REDIS_URL names.`,
      hint: 'Correct the number at the end of REDIS_URL, or remove it.',
      definitive: true,
    }),
  ],
  [
    /^ERR This instance has cluster support disabled/i,
    (server) => ({
      message: `Redis at ${server} is not a node of a Redis Cluster.`,
      hint: 'Use redis:// for a single server.',
      definitive: true,
    }),
  ],
  [
    /^ERR unknown command [`']?sentinel/i,
    (server) => ({
      message: `The server at ${server} is not a Sentinel.`,
      hint: 'Name the ports of the Sentinels, such as 26379, or use redis:// for a single server.',
      definitive: true,
    }),
  ],
  [
    /^ERR unknown command [`']?(ssubscribe|spublish)/i,
    (server) => ({
      message: `The Redis Cluster of ${server} is older than Redis 7.0, which is the first with sharded channels.`,
      hint: 'Update Redis to 7.0 or newer.',
      definitive: true,
    }),
  ],
]

/** Returns the explanation of an error of a connection to `server`. */
export function explainFailure(error: unknown, server: RedisServer): RedisFailure {
  if (error instanceof RedisFailure) return error
  const name = nameOf(server)
  const { code = '', message: answer }: NodeJS.ErrnoException =
    error instanceof Error ? error : new Error('unknown error')
  for (const [pattern, explain] of answers) {
    if (pattern.test(answer)) return new RedisFailure(explain(name, answer), error)
  }
  return new RedisFailure(explainConnection(code, answer, name), error)
}

/** The Sentinels answer, but none knows the master. */
export function unknownMaster(master: string, sentinel: RedisServer): RedisFailure {
  return new RedisFailure({
    message: `The Sentinel at ${nameOf(sentinel)} does not know a master named ${JSON.stringify(master)}.`,
    hint: 'Correct the name of the master at the end of REDIS_URL: it is the one of `sentinel monitor`.',
    definitive: true,
  })
}

/** A failure that passes by itself. */
export function passing(message: string): RedisFailure {
  return new RedisFailure({ message, hint: reachHint, definitive: false })
}

function explainConnection(code: string, answer: string, server: string): Explanation {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      message: `The certificate of Redis at ${server} is for another host name.`,
      hint: 'Use the host name of the certificate in REDIS_URL; in a Cluster, set cluster-announce-hostname to it.',
      definitive: true,
    }
  }
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)) {
    const reason = code === 'CERT_HAS_EXPIRED' ? 'has expired' : `is not trusted (${code})`
    return { message: `The certificate of Redis at ${server} ${reason}.`, hint: certificateHint, definitive: true }
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    return {
      message: `The server at ${server} does not speak TLS (${code}).`,
      hint: 'Use redis:// instead of rediss://, or the TLS port of Redis.',
      definitive: true,
    }
  }
  if (code === 'ECONNREFUSED') return away(`Nothing listens at ${server} (ECONNREFUSED).`)
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return away(`The host name of ${server} is unknown (${code}).`)
  if (/closed unexpectedly|ECONNRESET/i.test(`${answer} ${code}`)) {
    return {
      message: `Redis at ${server} closed the connection.`,
      hint: 'Check that Redis runs; use rediss:// if its port expects TLS.',
      definitive: false,
    }
  }
  if (/timeout/i.test(answer)) {
    return {
      message: `Redis at ${server} does not answer in time.`,
      hint: `${reachHint} Use rediss:// only if the port expects TLS.`,
      definitive: false,
    }
  }
  return away(`Redis at ${server} fails: ${answer.replace(/\.$/, '')}.`)
}

function away(message: string): Explanation {
  return { message, hint: reachHint, definitive: false }
}
