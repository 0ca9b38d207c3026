import { describe, expect, test } from 'vitest'
import { FocusError } from '../common/errors.ts'
import { resolveOptions } from './resolve.ts'

const failure = (options: object, environment: Record<string, string> = {}): FocusError => {
  try {
    resolveOptions(options, environment)
  } catch (error) {
    if (error instanceof FocusError) return error
  }
  throw new Error('expected a FocusError')
}

describe('resolveOptions', () => {
  test.each(['True', 'true', '1', 'yes', 'ON'])("the guide's OAUTH_ENABLED accepts %s", (value) => {
    expect(() => resolveOptions({}, { OAUTH_ENABLED: value })).toThrow('missing, although OAUTH_ENABLED is on')
  })

  test('blanks around a variable are ignored', () => {
    const environment = { WEBSOCKET_ENABLED: 'True\r', FOCUS_STATS: ' public ', FOCUS_LOCALE: 'en\r' }
    expect(resolveOptions({}, environment)).toMatchObject({
      realtime: { enabled: true, stats: 'public' },
      general: { locale: 'en' },
    })
  })

  test('code wins over the environment, and an empty variable counts as not set', () => {
    const environment = { WEBSOCKET_HEARTBEAT_INTERVAL: '45', FOCUS_LOCALE: '' }
    const { realtime } = resolveOptions({ websocket: { heartbeatIntervalSeconds: 20 } }, environment)
    expect(realtime.heartbeatIntervalMs).toBe(20_000)
    expect(resolveOptions({}, environment).realtime.heartbeatIntervalMs).toBe(45_000)
    expect(resolveOptions({}, environment).general.locale).toBe('fr')
  })

  test.each(['fr_FR', 'FR', 'fr-CA', 'fr_FR.UTF-8'])('R19: FOCUS_LOCALE=%s is French', (locale) => {
    expect(resolveOptions({}, { FOCUS_LOCALE: locale }).general.locale).toBe('fr')
  })

  test.each([
    ['OAUTH_ENABLED', 'maybe', 'True or False'],
    ['WEBSOCKET_HEARTBEAT_INTERVAL', '30s', 'a whole number of seconds from 1 to 3600'],
    ['WEBSOCKET_HEARTBEAT_INTERVAL', '0', 'a whole number of seconds from 1 to 3600'],
    ['PORT', '99999', 'a whole number from 0 to 65535'],
    ['FOCUS_PUBLIC_URL', 'http://app.example', 'an address such as https://app.example'],
    ['FOCUS_ALLOWED_ORIGINS', 'https://app.example/path', 'origins such as https://app.example'],
    ['FOCUS_RETURN_TO', '//evil.example', 'origins such as https://app.example or paths'],
    ['FOCUS_LOCALE', 'de', '"fr" or "en"'],
    ['FOCUS_STATS', 'everybody', '"admin" or "public"'],
    ['GOOGLE_REDIRECT_URI', 'callback', 'an address such as'],
  ])('%s=%s is refused with the name and the accepted form', (name, value, accepted) => {
    const error = failure({}, { [name]: value })
    expect(error.code).toBe('invalid_option')
    expect(error.message).toContain(`${name}: expected ${accepted}`)
    expect(error.message).toContain(value)
  })

  test('a wrong value in code is named by its option', () => {
    expect(failure({ websocket: { heartbeatIntervalSeconds: 0.5 } }).message).toContain(
      'websocket.heartbeatIntervalSeconds',
    )
  })

  test('S28 messages leave out a secret of the wrong form', () => {
    for (const [name, value] of [
      ['FOCUS_SECRET', 'hunter2'],
      ['FOCUS_ADMIN_KEY', 'short'],
      ['REDIS_URL', 'user:hunter2@nowhere'],
    ] as const) {
      const error = failure({}, { [name]: value })
      expect(error.message).toContain(name)
      expect(error.message).not.toContain(value)
    }
  })

  test('FOCUS_SECRET=new,old gives both, the new one first', () => {
    const [fresh, old] = ['n'.repeat(40), 'o'.repeat(40)]
    expect(resolveOptions({}, { FOCUS_SECRET: `${fresh},${old}` }).storage.secrets).toEqual([fresh, old])
  })

  test('an unknown FOCUS_ variable gets a warning with the nearest name', () => {
    const environment = { FOCUS_PUBLIC_URI: 'x', FOCUS_URL: 'x', FOCUS_DEBUG: 'hub', PATH: '/bin' }
    expect(resolveOptions({}, environment).warnings).toEqual([
      'FOCUS_PUBLIC_URI is not a setting of Focus and is ignored; did you mean FOCUS_PUBLIC_URL?',
    ])
  })

  test('OAUTH_ENABLED=False leaves every provider out', () => {
    const environment = { OAUTH_ENABLED: 'False', GOOGLE_CLIENT_ID: 'id', GOOGLE_CLIENT_SECRET: 'secret' }
    expect(resolveOptions({}, environment).auth.providers).toEqual([])
    expect(resolveOptions({}, { ...environment, OAUTH_ENABLED: 'True' }).auth.providers).toHaveLength(1)
  })

  test('an option that is not set has its default, in the unit of its name', () => {
    const { auth, cluster, http, notifications, realtime, storage, transports, users, warnings } = resolveOptions(
      {},
      {},
    )
    expect(storage).toEqual({ database: 'sqlite:focus.db', secrets: null })
    expect(cluster).toEqual({ broker: null, directUrl: null, redisUrl: null, node: null })
    expect(auth).toMatchObject({
      accessTtlSeconds: 3_600,
      idleTtlSeconds: 2_592_000,
      sessionTtlSeconds: 15_552_000,
      issuer: 'focus',
      audience: 'focus',
      tokens: { kind: 'managed' },
      refreshDelivery: 'body',
      requireIss: false,
    })
    expect(http).toMatchObject({ address: 'http://localhost:8000', basePath: '/api', bodyTimeoutMs: 10_000 })
    expect(http.budgets).toMatchObject({ enabled: true, exemptLoopback: true, perMinute: { start: 60 } })
    expect(notifications).toMatchObject({ maxPerUser: 1_000, maxAgeMs: 90 * 86_400_000 })
    expect(realtime).toMatchObject({ enabled: true, heartbeatIntervalMs: 30_000, limits: { replayRows: 1_000 } })
    expect(transports).toMatchObject({ transports: [], slackWebhook: null, routingCritical: false })
    expect(users).toEqual({ directory: null, areForeign: false, unknown: 'refuse' })
    expect(warnings).toEqual([])
  })

  test('limits that are set leave the others at their defaults, and null counts as not set', () => {
    const limits = { replayRows: 5, lagBytes: JSON.parse('null') as number }
    const { realtime, http } = resolveOptions({ websocket: { limits }, rateLimits: { perUser: { capacity: 7 } } }, {})
    expect(realtime.limits).toMatchObject({ replayRows: 5, lagBytes: 65_536, connectionsPerUser: 100 })
    expect(http.budgets.perUser).toEqual({ capacity: 7, perSecond: 100 })
  })

  test('rateLimits: false switches the budgets off', () => {
    expect(resolveOptions({ rateLimits: false }, {}).http.budgets.enabled).toBe(false)
  })

  test('loopback has no limits unless the public URL is one of production', () => {
    const exempts = (publicUrl: string) => resolveOptions({ publicUrl }, {}).http.budgets.exemptLoopback
    expect(exempts('http://localhost:3000')).toBe(true)
    expect(exempts('https://app.example')).toBe(false)
    expect(resolveOptions({ rateLimits: { exemptLoopback: false } }, {}).http.budgets.exemptLoopback).toBe(false)
  })

  test.each([
    [
      { tokens: { secret: 's'.repeat(32), jwksUri: 'https://a.example/jwks' } },
      'tokens.secret and tokens.jwksUri: exclude each other.',
    ],
    [{ tokens: { jwksUri: 'https://a.example/jwks' } }, 'tokens.jwksUri: needs tokens.issuer and tokens.audience.'],
    [
      {
        tokens: { jwksUri: 'https://a.example/jwks', issuer: 'https://a.example', audience: 'app' },
        google: { clientId: 'id', clientSecret: 'secret' },
      },
      'tokens.jwksUri: cannot be used together with sign-in providers.',
    ],
    [{ google: { clientId: 'id' } }, 'GOOGLE_CLIENT_SECRET: missing, although GOOGLE_CLIENT_ID is set.'],
  ])('options that exclude or require each other are refused: %j', (options, message) => {
    expect(failure(options)).toMatchObject({ code: 'invalid_option', message })
  })
})
