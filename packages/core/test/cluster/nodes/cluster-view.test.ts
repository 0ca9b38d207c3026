import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { describeOverDatabases } from '@focus-api/test-kit/databases/matrix'
import { type TestNode, TestNodes } from '../support/node-pair.ts'

describeOverDatabases('A node that has no way to the broker', (databases) => {
  test('tells the others, which read its notifications from the log each second, and at once when it is back', async () => {
    const nodes = new TestNodes(await databases.empty())
    onTestFinished(() => nodes.stop())
    const options = { websocket: { limits: { healIntervalMs: 600_000 } } }
    const reader = await nodes.start('web.1', options)
    const sender = await nodes.start('web.2', options)
    await nodes.acquainted()
    const alice = await reader.app.signIn('alice')
    const client = await nodes.connect(reader, alice)
    const notify = (title: string) =>
      sender.app.focus.notifications.notifyUser({ userId: alice.id, title, message: 'm' })
    sender.broker.connect(false)
    await notify('while it is away')
    expect(await client.until('notification')).toMatchObject({ title: 'while it is away' })
    sender.broker.connect(true)
    await expect.poll(() => reader.app.focus.realtime.stats(), { timeout: 20_000 }).toMatchObject({ nodes: 2 })
    await notify('through the broker')
    expect(await client.until('notification')).toMatchObject({ title: 'through the broker' })
  })

  test('has the others read the log at once when it is back', async () => {
    const nodes = new TestNodes(await databases.empty())
    onTestFinished(() => nodes.stop())
    const limits = { healIntervalMs: 600_000, healIntervalBrokerAwayMs: 600_000 }
    const reader = await nodes.start('web.1', { websocket: { limits } })
    const sender = await nodes.start('web.2', { websocket: { limits } })
    await nodes.acquainted()
    const alice = await reader.app.signIn('alice')
    const client = await nodes.connect(reader, alice)
    sender.broker.connected = false
    await sender.app.focus.notifications.notifyUser({ userId: alice.id, title: 'missed', message: 'm' })
    sender.broker.connect(true)
    expect(await client.until('notification')).toMatchObject({ title: 'missed' })
  })
})

describeOverDatabases('Users and connections of two nodes', (databases) => {
  let nodes: TestNodes
  let one: TestNode
  let two: TestNode
  beforeEach(async () => {
    nodes = new TestNodes(await databases.empty())
    one = await nodes.start('web.1')
    two = await nodes.start('web.2')
  })
  afterEach(() => nodes.stop())

  const statsOf = ({ app }: TestNode) => app.focus.realtime.stats()

  test('are counted together on both; a user on two nodes counts once', async () => {
    const [alice, bob] = [await one.app.signIn('alice'), await one.app.signIn('bob')]
    await nodes.connect(one, alice)
    const client = await nodes.connect(two, alice)
    await nodes.connect(two, bob)
    for (const node of [one, two]) {
      await expect
        .poll(() => statsOf(node), { timeout: 20_000 })
        .toMatchObject({ nodes: 2, activeUsers: 2, activeConnections: 3 })
      const { connectedUserIds } = await statsOf(node)
      expect(new Set(connectedUserIds)).toEqual(new Set([alice.id, bob.id]))
    }
    client.send({ action: 'get_stats', ref: 1 })
    expect(await client.until('stats')).toMatchObject({ active_users: 2, active_connections: 3, your_connections: 2 })
  })

  test('vanish from the counts when their node leaves, at once', async () => {
    const alice = await one.app.signIn('alice')
    await nodes.connect(two, alice)
    await expect.poll(() => statsOf(one), { timeout: 20_000 }).toMatchObject({ nodes: 2, activeUsers: 1 })
    await two.app.focus.close()
    await expect.poll(() => statsOf(one)).toMatchObject({ nodes: 1, activeUsers: 0, activeConnections: 0 })
  })

  test('are listed by every node, all or of one user', async () => {
    const [alice, bob] = [await one.app.signIn('alice'), await one.app.signIn('bob')]
    await nodes.connect(one, alice)
    await nodes.connect(two, alice)
    await nodes.connect(two, bob)
    const answer = await one.app.admin('/ws/connections')
    const body = await answer.json()
    expect(body.missing_nodes).toEqual([])
    const places = body.connections.map((each: { user_id: number; node: string }) => `${each.user_id} on ${each.node}`)
    expect(new Set(places)).toEqual(new Set([`${alice.id} on web.1`, `${alice.id} on web.2`, `${bob.id} on web.2`]))
    expect(places).toHaveLength(3)
    const first = await (await one.app.admin('/ws/connections?limit=2')).json()
    expect(first).toMatchObject({ total: 3, truncated: true, missing_nodes: [] })
    expect(first.connections).toHaveLength(2)
    const ofBob = await (await one.app.admin(`/ws/connections?user_id=${bob.id}`)).json()
    expect(ofBob.connections).toMatchObject([{ user_id: bob.id, node: 'web.2' }])
    expect(await one.app.focus.realtime.connections({ userId: alice.id })).toHaveLength(2)
    expect(await one.app.focus.realtime.connectionList({ userId: alice.id })).toMatchObject({
      total: 2,
      truncated: false,
      missingNodes: [],
    })
  })

  test('can be closed from the other node', async () => {
    const client = await nodes.connect(two, await one.app.signIn('alice'))
    const [connection] = await one.app.focus.realtime.connections()
    expect((await one.app.admin(`/ws/connections/${connection?.id}`, undefined, 'DELETE')).status).toBe(204)
    expect((await client.closed).code).toBe(4014)
    expect((await one.app.admin(`/ws/connections/${connection?.id}`, undefined, 'DELETE')).status).toBe(404)
    expect((await one.app.admin('/ws/connections/web.3.1', undefined, 'DELETE')).status).toBe(404)
  })

  test('of a node that does not answer are named as missing, and cannot be closed', async () => {
    await nodes.connect(two, await one.app.signIn('alice'))
    two.broker.connect(false)
    const body = await (await one.app.admin('/ws/connections')).json()
    expect(body).toEqual({ connections: [], total: 0, truncated: false, missing_nodes: ['web.2'] })
    const refused = await one.app.admin('/ws/connections/web.2.1', undefined, 'DELETE')
    expect([refused.status, (await refused.json()).code]).toEqual([503, 'node_unreachable'])
    two.broker.connect(true)
    await expect.poll(async () => (await (await one.app.admin('/ws/connections')).json()).missing_nodes).toEqual([])
  })

  test('of two nodes of one name have ids of their own, and close on the right one', async () => {
    const twin = await nodes.start('web.2')
    const [alice, bob] = [await one.app.signIn('alice'), await one.app.signIn('bob')]
    const [atTwo, atTwin] = [await nodes.connect(two, alice), await nodes.connect(twin, bob)]
    const ids = await Promise.all([two, twin].map(async ({ app }) => (await app.admin('/ws/connections')).json()))
    const own = ids[1].connections.find(({ user_id: user }: { user_id: number }) => user === bob.id)
    expect((await twin.app.admin(`/ws/connections/${own.id}`, undefined, 'DELETE')).status).toBe(204)
    expect((await atTwin.closed).code).toBe(4014)
    atTwo.send({ action: 'ping' })
    expect(await atTwo.until('pong')).toBeDefined()
  })

  test('are told for each node', async () => {
    await nodes.connect(two, await one.app.signIn('alice'))
    const nodesOf = async () => (await (await one.app.admin('/admin/nodes')).json()).nodes
    await expect.poll(nodesOf, { timeout: 20_000 }).toMatchObject([
      { name: 'web.1', answering: true, users: 0, connections: 0 },
      { name: 'web.2', answering: false, users: 1, connections: 1 },
    ])
    const [own] = await nodesOf()
    expect(Math.abs(Date.parse(own.started_at) - Date.now())).toBeLessThan(60_000)
    expect(own.version).toMatch(/^\d+\.\d+\.\d+/)
  })

  test('are in the metrics, with the state of the broker; a node without its broker is ready, but degraded', async () => {
    await nodes.connect(two, await one.app.signIn('alice'))
    const metricsOf = async ({ app }: TestNode) => (await app.admin('/metrics')).text()
    await expect.poll(() => metricsOf(one), { timeout: 20_000 }).toMatch(/^focus_cluster_connections 1$/m)
    const metrics = await metricsOf(one)
    expect(metrics).toMatch(/^focus_cluster_nodes 2$/m)
    expect(metrics).toMatch(/^focus_cluster_users 1$/m)
    expect(metrics).toMatch(/^focus_broker_connected{broker="own"} 1$/m)
    expect(metrics).toMatch(/^focus_broker_messages_total{direction="received"} [1-9]/m)
    const readiness = async () => {
      const answer = await fetch(`${one.app.url}/ready`)
      return { status: answer.status, body: await answer.json() }
    }
    expect(await readiness()).toEqual({ status: 200, body: { status: 'ready' } })
    one.broker.connect(false)
    expect(await readiness()).toEqual({ status: 200, body: { status: 'degraded', broker: 'away' } })
    expect(await metricsOf(one)).toMatch(/^focus_broker_connected{broker="own"} 0$/m)
  })
})
