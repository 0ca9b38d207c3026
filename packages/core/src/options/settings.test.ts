import { describe, expect, test } from 'vitest'
import { FocusError } from '../common/errors.ts'
import { readSettings, unknownVariables } from './settings.ts'

const failure = (options: object, environment: Record<string, string> = {}): FocusError => {
  try {
    readSettings(options, environment)
  } catch (error) {
    if (error instanceof FocusError) return error
  }
  throw new Error('expected a FocusError')
}

describe('settings', () => {
  test.each(['True', 'true', '1', 'yes', 'ON'])("the guide's OAUTH_ENABLED accepts %s", (value) => {
    expect(readSettings({}, { OAUTH_ENABLED: value }).oauthEnabled).toBe(true)
  })

  test('blanks around a variable do not count', () => {
    const environment = { WEBSOCKET_ENABLED: 'True\r', FOCUS_STATS: ' public ', FOCUS_LOCALE: 'en\r' }
    expect(readSettings({}, environment)).toMatchObject({ websocketEnabled: true, stats: 'public', locale: 'en' })
  })

  test('code wins over the environment, and an empty variable counts as not set', () => {
    const environment = { WEBSOCKET_HEARTBEAT_INTERVAL: '45', FOCUS_LOCALE: '' }
    expect(readSettings({ websocket: { heartbeatIntervalSeconds: 20 } }, environment).heartbeatIntervalSeconds).toBe(20)
    expect(readSettings({}, environment).heartbeatIntervalSeconds).toBe(45)
    expect(readSettings({}, environment).locale).toBeUndefined()
  })

  test.each(['fr_FR', 'FR', 'fr-CA', 'fr_FR.UTF-8'])('R19: FOCUS_LOCALE=%s is French', (locale) => {
    expect(readSettings({}, { FOCUS_LOCALE: locale })).toMatchObject({ locale: 'fr' })
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

  test('S28 a secret of the wrong form is not repeated', () => {
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
    expect(readSettings({}, { FOCUS_SECRET: `${fresh},${old}` }).secrets).toEqual([fresh, old])
  })

  test('an unknown FOCUS_ variable gets a warning with the nearest name', () => {
    expect(unknownVariables({ FOCUS_PUBLIC_URI: 'x', FOCUS_URL: 'x', PATH: '/bin' })).toEqual([
      'FOCUS_PUBLIC_URI is not a setting of Focus and is ignored; did you mean FOCUS_PUBLIC_URL?',
    ])
  })
})
