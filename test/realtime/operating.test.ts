import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RunningFocus, type TestUser } from './running-focus.ts'

let server: RunningFocus
let alice: TestUser
beforeAll(async () => {
  server = await RunningFocus.start()
  alice = await server.signIn('alice')
})
afterAll(() => server.stop())

const socketUrl = (query: string) => `${server.url.replace('http', 'ws')}/ws/notifications${query}`

async function connect(query: string): Promise<{ socket: WebSocket; greeting: Record<string, unknown> }> {
  const socket = new WebSocket(socketUrl(query))
  const [message]: MessageEvent<string>[] = await once(socket, 'message')
  return { socket, greeting: JSON.parse(message?.data ?? '') }
}

async function closeCode(socket: WebSocket): Promise<number | undefined> {
  const [close]: CloseEvent[] = await once(socket, 'close')
  return close?.code
}

describe('operator routes', () => {
  test('GET /ws/stats requires the admin key and has the fields of the guide', async () => {
    expect((await fetch(`${server.url}/ws/stats`)).status).toBe(401)
    const { socket } = await connect(`?token=${alice.token}`)
    expect(await (await server.admin('/ws/stats')).json()).toEqual({
      websocket_enabled: true,
      active_users: 1,
      active_connections: 1,
      connected_user_ids: [alice.id],
      nodes: 1,
      rates: { deliveries: expect.any(Number), actions: expect.any(Number) },
    })
    socket.close()
  })

  test("stats: 'public' answers the guide's curl", async () => {
    const open = await RunningFocus.start({ stats: 'public' })
    const answer = await fetch(`${open.url}/ws/stats`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ websocket_enabled: true, active_users: 0, connected_user_ids: [] })
    await open.stop()
  })

  test('GET /ws/connections lists connections, and DELETE closes one with 4014', async () => {
    const { socket, greeting } = await connect(`?token=${alice.token}`)
    const { connections } = await (await server.admin(`/ws/connections?user_id=${alice.id}`)).json()
    expect(connections).toEqual([
      {
        id: greeting['connection_id'],
        user_id: alice.id,
        node: expect.any(String),
        since: expect.stringMatching(/Z$/),
        transport: 'websocket',
        offset: 0,
        lag: 0,
        acknowledged: 0,
      },
    ])
    const none = await server.admin('/ws/connections?user_id=999&limit=1')
    expect(await none.json()).toEqual({ connections: [], total: 0, truncated: false, missing_nodes: [] })
    expect((await server.admin('/ws/connections?limit=0')).status).toBe(400)
    const path = `/ws/connections/${encodeURIComponent(String(greeting['connection_id']))}`
    const closed = closeCode(socket)
    expect((await server.admin(path, undefined, 'DELETE')).status).toBe(204)
    expect(await closed).toBe(4014)
    const again = await server.admin(path, undefined, 'DELETE')
    expect(again.status).toBe(404)
    expect(await again.json()).toMatchObject({ code: 'unknown_connection' })
  })

  test('S31 an access token opens no operator route', async () => {
    for (const path of ['/ws/stats', '/ws/connections', '/metrics']) {
      expect((await server.as(alice, path)).status).toBe(401)
    }
  })

  test('GET /metrics answers in the format of Prometheus', async () => {
    const answer = await server.admin('/metrics')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/)
    const metrics = await answer.text()
    expect(metrics).toMatch(/^focus_realtime_connections \d+$/m)
    expect(metrics).toMatch(/^focus_database_queue_calls{queue="sqlite_writer",class="interactive"} \d+$/m)
    expect(metrics).toMatch(/^focus_database_queue_calls{queue="notifications",class="delivery"} \d+$/m)
  })
})

describe('tickets', () => {
  test('POST /ws/ticket issues a ticket that works once', async () => {
    const answer = await server.as(alice, '/ws/ticket', {})
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toContain('no-store')
    const { ticket, expires_in }: { ticket: string; expires_in: number } = await answer.json()
    expect(expires_in).toBe(30)
    const { socket, greeting } = await connect(`?ticket=${ticket}`)
    expect(greeting['user_id']).toBe(alice.id)
    const second = new WebSocket(socketUrl(`?ticket=${ticket}`))
    expect(await closeCode(second)).toBe(4500)
    socket.close()
  })

  test('an empty body is a request for the WebSocket; another use is refused', async () => {
    const headers = { authorization: `Bearer ${alice.token}` }
    const plain = await fetch(`${server.url}/ws/ticket`, { method: 'POST', headers })
    expect(await plain.json()).toMatchObject({ expires_in: 30 })
    const answer = await server.as(alice, '/ws/ticket', { use: 'espionage' })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'invalid_request' })
    expect((await fetch(`${server.url}/ws/ticket`, { method: 'POST' })).status).toBe(401)
  })
})

describe('revocation across sign-in and hub', () => {
  test('S23 logout closes the socket of the session with 4503 and revokes its token', async () => {
    const bob = await server.signIn('bob')
    const { socket } = await connect(`?token=${bob.token}`)
    const closed = closeCode(socket)
    expect((await server.as(bob, '/auth/logout', {})).status).toBe(204)
    expect(await closed).toBe(4503)
    const again = new WebSocket(socketUrl(`?token=${bob.token}`))
    expect(await closeCode(again)).toBe(4503)
  })
})

test('an unknown limit stops the start and is named', async () => {
  const limits: object = { maxMessageBites: 3 }
  await expect(RunningFocus.start({ websocket: { limits } })).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining('maxMessageBites'),
  })
})
