import { beforeAll, describe, expect, test } from 'vitest'
import { type FocusDev, focusJson, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { type Message, type NotificationSocket, openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { type SignedIn, signIn } from '@focus-api/test-kit/focus/sign-in'
import { codeBlocks } from './guide.ts'

let server: FocusDev
let alice: SignedIn
let client: NotificationSocket

beforeAll(async () => {
  server = await startFocusDev({ env: { WEBSOCKET_HEARTBEAT_INTERVAL: '1' } })
  alice = await signIn(server, 'alice')
  client = await openSocket(server, alice.access_token)
  return async () => {
    await client.close()
    await server.stop()
  }
})

/** The JSON message that the guide shows under a bold label. */
function message(label: string): Message {
  const block = codeBlocks.find((each) => each.language === 'json' && each.label === label)
  if (!block) throw new Error(`The guide has no JSON message ${label}.`)
  return JSON.parse(block.code)
}

/** Every field of the guide's message with its value; a time is compared by form, since it can't be that of the guide. */
function asInTheGuide(label: string): Record<string, unknown> {
  const shown = message(label)
  return 'timestamp' in shown
    ? { ...shown, timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/) }
    : shown
}

describe('the guide’s messages from the server', () => {
  test('Connection confirmée', async () => {
    expect(await client.next('connection')).toMatchObject(asInTheGuide('Connection confirmée'))
  })

  test('Heartbeat', async () => {
    expect(await client.next('heartbeat')).toMatchObject(asInTheGuide('Heartbeat'))
  })

  test('Notification', async () => {
    await focusJson(server, ['notify', 'alice', '--limit-warning', 'Instagram', '80'])
    const received = await client.next('notification')
    expect(received).toMatchObject(asInTheGuide('Notification'))
    expect(received['data']).toEqual(message('Notification')['data'])
  })

  test('Erreur', async () => {
    client.send({ action: 'nonsense' })
    expect(await client.next('error')).toMatchObject(asInTheGuide('Erreur'))
  })

  test('the answer of the callback', () => {
    const block = codeBlocks.find((each) => each.language === 'json' && each.headings.at(-1) === '3. Réponse')
    const shown: Record<string, unknown> = JSON.parse(block?.code ?? '')
    expect(formOf(alice)).toMatchObject(formOf(shown))
    expect(alice.token_type).toBe(shown['token_type'])
  })
})

describe('the guide’s messages from the client', () => {
  test('Ping is answered with the time that it carried', async () => {
    const ping = message('Ping')
    client.send(ping)
    expect(await client.next('pong')).toMatchObject({ client_timestamp: ping['timestamp'] })
  })

  test('S’abonner and Se désabonner are answered with the topics in force', async () => {
    client.send(message("S'abonner à des événements"))
    expect(await client.next('subscribed')).toMatchObject({ events: ['activities', 'challenges', 'limits'] })
    client.send(message('Se désabonner'))
    expect(await client.next('subscribed')).toMatchObject({ events: ['challenges', 'limits'] })
  })

  test('Obtenir les stats', async () => {
    client.send(message('Obtenir les stats'))
    expect(await client.next('stats')).toMatchObject({
      websocket_enabled: true,
      active_users: 1,
      active_connections: 1,
      your_connections: 1,
    })
  })
})

/** The same structure with the kinds of the values: `{ id: 'number', … }`. */
function formOf(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, isObject(field) ? formOf(field) : typeof field]),
  )
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
