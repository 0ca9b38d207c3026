import { describe, expect, test } from 'vitest'
import { FocusError } from '../common/errors.ts'
import { optionPaths } from '../schema/option-checks.ts'
import { focusOptions } from './schema.ts'
import { resolveOptions } from './resolve.ts'

function failureOf(options: unknown, environment: Record<string, string> = {}): FocusError {
  try {
    Reflect.apply(resolveOptions, null, [options, environment])
  } catch (error) {
    if (error instanceof FocusError) return error
    throw error
  }
  throw new Error(`accepted: ${JSON.stringify(options)}`)
}

/** `{ websocket: { limits: { lagBytes: value } } }` of `websocket.limits.lagBytes`. */
function at(path: string, value: unknown): object {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object
}

const notTexts = ['', 7, true, {}, [], () => 'x']
const notNumbers = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 'many', '1e3', '', true, {}, [1], 10n]
/** Options that only code can set take no text for a number. */
const notCounts = [...notNumbers, '3600', 0]
const notBooleans = ['true', 'yes', 1, 0, '', {}, []]
const notLists = [7, true, {}, () => [], ['', 'x'], [7]]
const notFunctions = ['now', 7, true, {}, []]
const notObjects = [7, 'x', true, [], () => ({})]
const notUrls = [
  ...notTexts,
  'app.example',
  'http://app.example',
  'https://a.example/?q=1',
  'https://u:p@a.example',
  'ftp://a',
]
const notSecrets = ['short', 7, true, {}, [], ['short'], ['x'.repeat(40), 'short']]

const wrongValues: Readonly<Record<string, readonly unknown[]>> = {
  database: ['', 'focus.db', 7, true, {}, [], () => 'sqlite:focus.db'],
  redis: [...notTexts, 'http://localhost:6379', 'localhost:6379', 'redis+other://a', 'redis://'],
  databaseDirectUrl: [...notTexts, 'mysql://host/name', 'postgres://', 'host:5432'],
  broker: [...notTexts, 'nats', {}, { publish: () => undefined }],
  node: [...notTexts, 'a b', 'a/b', 'é', 'x'.repeat(65)],
  secret: notSecrets,
  adminKey: [...notTexts, 'short', 'with blanks in it and long'],
  publicUrl: notUrls,
  port: [...notNumbers, 65_536],
  basePath: [7, true, {}, [], 'api', '/a b', '/api?x'],
  allowedOrigins: [...notLists, 'app.example', 'https://app.example/path', ['*'], ['null'], ['https://*.example']],
  returnTo: [...notLists, '//evil.example', 'welcome', ['https://app.example/path']],
  locale: [...notTexts, 'de', 'de-FR', 'frr', 'french'],
  'oauth.enabled': ['maybe', 7, {}, []],
  'oauth.requireIss': notBooleans,
  'oauth.refreshDelivery': [...notTexts, 'Cookie', 'header'],
  'google.clientId': notTexts,
  'google.clientSecret': notTexts,
  'google.redirectUri': notUrls,
  'google.issuer': notUrls,
  providers: [...notObjects.slice(0, 3), {}, ['google'], [{ name: 'x' }], [{ connect: () => null }]],
  users: [...notObjects, {}, { get: () => null }],
  'tokens.issuer': notTexts,
  'tokens.audience': [...notTexts, [''], [7]],
  'tokens.secret': notSecrets,
  'tokens.keys': [...notTexts, ['x'], [{}]],
  'tokens.jwksUri': [...notTexts, 'login.example.com', 'http://login.example.com/jwks'],
  'tokens.scopes': notFunctions,
  'tokens.typ': notTexts,
  'tokens.userIdClaim': notTexts,
  'tokens.accessTtlSeconds': [...notNumbers, 59, 86_401],
  'tokens.idleTtlSeconds': notCounts,
  'tokens.sessionTtlSeconds': notCounts,
  'websocket.enabled': ['maybe', 7, {}, []],
  'websocket.heartbeatIntervalSeconds': [...notNumbers, 0, 3_601],
  stats: [...notTexts, 'everybody', 'Admin'],
  trustedProxies: [...notLists, 'proxy.example', '10.0.0.0/99', ['10.0.0.256']],
  'rateLimits.exemptLoopback': notBooleans,
  'notifications.unknownUsers': [...notTexts, 'acept'],
  'notifications.maxPerUser': notCounts,
  'limits.bodyTimeout': ['a while', -1, Number.NaN, '2y', '', true, {}, [], 366 * 86_400_000],
  'notifications.maxAge': ['a while', -1, Number.NaN, '2y', '', true, {}, [], 366 * 86_400_000],
  transports: [...notObjects.slice(0, 3), {}, ['slack'], [{ name: 'x' }]],
  'routing.transports': [...notTexts.filter((value) => !Array.isArray(value)), [7], ['']],
  'routing.escalate': [...notTexts.filter((value) => !Array.isArray(value)), [{}], ['email']],
  'routing.critical': notBooleans,
  'routing.topics': [...notObjects, { limits: 'slack' }, { limits: { transport: ['slack'] } }],
  catalogue: [...notObjects, { greeting: 'Hello' }],
  logger: [true, 'console', 7, {}, [], { warn: () => undefined }],
  clock: notFunctions,
  random: notFunctions,
  fetch: notFunctions,
  env: [...notObjects, { PORT: 8000 }],
}
const paths = [...optionPaths(focusOptions).keys()]
const counted = paths.filter((path) => /^(?:websocket\.limits|rateLimits\.per\w+)\./.test(path))
const cases = { ...wrongValues, ...Object.fromEntries(counted.map((path) => [path, notCounts])) }

describe('the options of createFocus', () => {
  test('A24: this file has wrong values for every option', () => {
    expect(Object.keys(cases).toSorted()).toEqual(paths.toSorted())
  })

  test.each(Object.entries(cases))(
    'A24: a wrong %s is refused, with its path and the accepted form',
    (path, values) => {
      for (const value of values) {
        const { code, message } = failureOf(at(path, value))
        expect(code).toBe('invalid_option')
        expect(message).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}[\\w.]*: expected .+, got .+\\.$`))
      }
    },
  )

  test.each([
    ['databse', 'did you mean database?'],
    ['Database', 'did you mean database?'],
    ['websocket.heartbeatIntervalSecond', 'did you mean websocket.heartbeatIntervalSeconds?'],
    ['websocket.limits.connectionPerUser', 'did you mean websocket.limits.connectionsPerUser?'],
    ['rateLimits.perMinute.starts', 'did you mean rateLimits.perMinute.start?'],
    ['tokens.accessTtl', 'did you mean tokens.accessTtlSeconds?'],
    ['refreshDelivery', 'did you mean oauth.refreshDelivery?'],
    ['oauth.cookies', 'known are enabled, requireIss, refreshDelivery.'],
    ['constructor', 'known are database,'],
  ])('A24: the unknown option %s is refused: %s', (path, advice) => {
    const { code, message } = failureOf(at(path, undefined))
    expect(code).toBe('invalid_option')
    expect(message).toContain(`${path}: is not an option; ${advice}`)
  })

  test.each([
    ['tokens', 'HS256-secret-of-the-application-1234'],
    ['websocket', true],
    ['cors', {}],
    ['oauth', []],
    ['rateLimits', true],
    ['notifications', 'all'],
  ])('A24: %s of another kind is refused without its value', (path, value) => {
    const { message } = failureOf(at(path, value))
    expect(message).toMatch(new RegExp(`^${path}: `))
    expect(message).not.toContain('HS256')
  })

  test.each([['sqlite:focus.db'], [7], [[]]])('A24: options other than an object are refused: %j', (options) => {
    expect(failureOf(options).message).toMatch(/^options: expected an object with database, /)
  })

  test('A24: one error names every wrong option', () => {
    const { message, hint } = failureOf({ databse: 'sqlite:x.db', tokens: { idleTtlSeconds: -1 } })
    expect(message).toContain('databse: is not an option')
    expect(message).toContain('tokens.idleTtlSeconds: expected a whole number of seconds')
    expect(hint).toContain('databse, tokens.idleTtlSeconds')
  })

  test.each([
    [
      { rateLimits: { perMinute: { start: 0 } } },
      'rateLimits.perMinute.start: expected a whole number from 1 on, got 0.',
    ],
    [
      { transports: [{}] },
      'transports.0: expected transports such as slack({ … }), or objects with a name and the method deliver, in a list, got an object.',
    ],
    [
      { tokens: { keys: [{ kty: 'OKP' }, {}] } },
      'tokens.keys.1.kty: expected a list of private JWKs, the signing one first, got another form.',
    ],
    [
      { env: { FOCUS_SECRET: 31_415 } },
      'env.FOCUS_SECRET: expected an object of texts, such as process.env, got another form.',
    ],
  ])('A24: the message names the accepted form and the wrong part: %j', (options, message) => {
    expect(failureOf(options).message).toBe(message)
  })

  test('A24: undefined and null count as not set', () => {
    for (const path of paths) {
      expect(() => resolveOptions(at(path, undefined), {})).not.toThrow()
      expect(() => resolveOptions(at(path, null), {})).not.toThrow()
    }
  })

  test.each([[process.env], [Object.assign(Object.create(null), { FOCUS_LOCALE: 'en' })]])(
    'A24: the environment may have any prototype',
    (env) => {
      expect(() => resolveOptions({ env }, {})).not.toThrow()
    },
  )

  test('S28 A24: messages leave out values that may contain a secret', () => {
    const secret = 'hunter2hunter2'
    const options = {
      database: secret,
      redis: secret,
      databaseDirectUrl: secret,
      secret,
      adminKey: `${secret} ${secret}`,
      publicUrl: `https://user:${secret}@app.example`,
      tokens: { secret, keys: [secret] },
    }
    const { message } = failureOf(options)
    for (const path of [
      'database',
      'databaseDirectUrl',
      'redis',
      'secret',
      'adminKey',
      'publicUrl',
      'tokens.secret',
      'tokens.keys',
    ]) {
      expect(message).toMatch(new RegExp(`(?:^|\\. )${path.replace('.', '\\.')}[.\\d]*: expected `))
    }
    expect(message).not.toContain(secret)
  })

  test.each([
    ['OAUTH_ENABLED', 'maybe'],
    ['GOOGLE_REDIRECT_URI', 'callback'],
    ['WEBSOCKET_ENABLED', 'perhaps'],
    ['WEBSOCKET_HEARTBEAT_INTERVAL', '30s'],
    ['FOCUS_SECRET', 'short'],
    ['FOCUS_ADMIN_KEY', 'short'],
    ['FOCUS_PUBLIC_URL', 'app.example'],
    ['FOCUS_ALLOWED_ORIGINS', '*'],
    ['FOCUS_RETURN_TO', 'welcome'],
    ['FOCUS_LOCALE', 'de'],
    ['REDIS_URL', 'localhost'],
    ['PORT', '-1'],
    ['FOCUS_TRUSTED_PROXIES', 'proxy.example'],
    ['FOCUS_ACCESS_TTL', '1h'],
    ['SLACK_WEBHOOK', 'hooks.slack.com'],
    ['SMTP_URL', 'mail.example'],
    ['FOCUS_STATS', 'everybody'],
    ['DATABASE_URL', 'focus.db'],
  ])('A24: %s=%s is refused, with its name and the accepted form', (name, value) => {
    expect(failureOf({}, { [name]: value })).toMatchObject({
      code: 'invalid_option',
      message: expect.stringMatching(new RegExp(`^${name}: expected `)),
    })
  })
})
