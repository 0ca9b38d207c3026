import { createECDH, randomBytes } from 'node:crypto'
import { promises as dns } from 'node:dns'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import webPushLibrary from 'web-push'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/servers/servers'
import { NameResolver } from '../../src/net/addresses/name-resolver.ts'
import { webPush, type WebPushOptions } from '../../src/transports/channels/web-push.ts'
import { webhook } from '../../src/transports/channels/webhook.ts'
import { openBench } from './support/bench.ts'
import { type DnsServer, startDnsServer, type Zone } from './support/dns-server.ts'
import { say, startHttpPeer } from './support/http-peer.ts'

const closing: Array<() => Promise<void> | void> = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

async function nameServer(zone: Zone): Promise<DnsServer> {
  const server = await startDnsServer(zone)
  closing.push(() => server.close())
  return server
}

const forever = new AbortController().signal
const asker = (party = 'a', signal = forever) => ({ party, signal })

test('V4: names are resolved by the name servers of the options, IPv4 first', async () => {
  const { address } = await nameServer({ 'push.test': ['2001:db8::7', '192.0.2.1', '192.0.2.2'] })
  const names = new NameResolver({ servers: [address], hostsFile: false })
  expect(await names.resolve('push.test', asker())).toEqual([
    { address: '192.0.2.1', family: 4 },
    { address: '192.0.2.2', family: 4 },
    { address: '2001:db8::7', family: 6 },
  ])
})

test('V4: localhost and the hosts file need no name server', async () => {
  const folder = temporaryFolder('hosts')
  closing.push(() => removeFolder(folder))
  const hostsFile = join(folder, 'hosts')
  writeFileSync(hostsFile, '# comment\n192.0.2.9\tBilling billing.internal # here\nnonsense x\n2001:db8::9 billing\n')
  const { address, queries } = await nameServer({})
  const names = new NameResolver({ servers: [address], hostsFile })
  expect(await names.resolve('app.localhost', asker())).toMatchObject([{ address: '127.0.0.1' }, { address: '::1' }])
  expect(await names.resolve('billing', asker())).toEqual([
    { address: '192.0.2.9', family: 4 },
    { address: '2001:db8::9', family: 6 },
  ])
  expect(queries).toEqual([])
  await expect(names.resolve('missing.test', asker())).rejects.toThrow('missing.test was not resolved (ENOTFOUND).')
})

test('S40 V4: the lookup of an unanswered name ends with its time-out or with the attempt', {
  timeout: 30_000,
}, async () => {
  const { address, queries } = await nameServer({ 'dead.test': 'silent', 'late.test': 'silent' })
  const names = new NameResolver({ servers: [address], hostsFile: false, timeoutMs: 100 })
  await expect(names.resolve('dead.test', asker())).rejects.toThrow('dead.test was not resolved (not within 100 ms).')
  const patient = new NameResolver({ servers: [address], hostsFile: false, timeoutMs: 600_000 })
  const reason = new Error('out of time')
  const rejected = { status: 'rejected', reason }
  const resolveTwo = (signal: AbortSignal) =>
    Promise.allSettled(['late.test', 'next.test'].map((name) => patient.resolve(name, asker('a', signal))))
  const atOnce = new AbortController()
  const resolvingAtOnce = resolveTwo(atOnce.signal)
  atOnce.abort(reason)
  expect(await resolvingAtOnce).toEqual([rejected, rejected])
  expect(queries).not.toContain('late.test')
  const attempt = new AbortController()
  const resolving = resolveTwo(attempt.signal)
  await expect.poll(() => queries).toContain('late.test')
  attempt.abort(reason)
  expect(await resolving).toEqual([rejected, rejected])
})

test('S40 V4: one name at a time is resolved for a user, and names that failed come last', async () => {
  const dead = Array.from({ length: 5 }, (_, index) => `dead${index}.test`)
  const zone = { ...Object.fromEntries(dead.map((name) => [name, 'silent' as const])), 'good.test': ['192.0.2.1'] }
  const server = await nameServer(zone)
  const names = new NameResolver({ servers: [server.address], hostsFile: false, timeoutMs: 600_000 })
  const asked = () => [...new Set(server.queries)]

  const attempt = new AbortController()
  const first = dead.slice(0, 3).map((name) => names.resolve(name, asker('mallory', attempt.signal)))
  await expect.poll(asked).toEqual(['dead0.test'])
  expect(await names.resolve('good.test', asker('alice'))).toHaveLength(1)
  expect(asked()).toEqual(['dead0.test', 'good.test'])
  attempt.abort(new Error('out of time'))
  await Promise.allSettled(first)

  // Again, with the name that failed and a new one before the good one: the good one waits for the new one only.
  const again = new AbortController()
  const fresh = new NameResolver({ servers: [server.address], hostsFile: false, timeoutMs: 100 })
  await expect(fresh.resolve('dead0.test', asker())).rejects.toThrow(/not within/)
  const order: string[] = []
  const ended = ['dead1.test', 'dead0.test', 'good.test'].map((name) =>
    fresh.resolve(name, asker('a', again.signal)).then(
      () => order.push(name),
      () => order.push(name),
    ),
  )
  await Promise.all(ended)
  expect(order).toEqual(['dead1.test', 'good.test', 'dead0.test'])
})

const vapid = webPushLibrary.generateVAPIDKeys()

function subscriptionOf(endpoint: string) {
  const keys = createECDH('prime256v1')
  keys.generateKeys()
  return {
    endpoint,
    expirationTime: null,
    keys: { p256dh: keys.getPublicKey().toString('base64url'), auth: randomBytes(16).toString('base64url') },
  }
}

async function pushBench(options: Partial<WebPushOptions>) {
  const transport = webPush({ subject: 'mailto:ops@app.example', ...vapid, ...options })
  const bench = await openBench({ url: 'sqlite::memory:', transports: [transport], chance: 0 })
  closing.push(() => bench.close())
  return { ...bench, transport }
}

test('S40 V4: 20 endpoints with names that never resolve do not block the resolver of the system', async () => {
  const dead = Array.from({ length: 20 }, (_, index) => `dead${index}.push.test`)
  const server = await nameServer(Object.fromEntries(dead.map((name) => [name, 'silent' as const])))
  const { commit, outbound, pushSubscriptions, clock } = await pushBench({
    services: ['push.test'],
    dns: { servers: [server.address], hostsFile: false },
    timeoutMs: 4_000,
  })
  for (const name of dead) {
    await pushSubscriptions.put('1', subscriptionOf(`https://${name}/x`), { now: clock(), max: 20 })
  }
  await commit({}, { transport: 'web_push' })
  let over = false
  const delivering = outbound.runDue().finally(() => (over = true))
  await expect.poll(() => server.queries.length).toBeGreaterThan(0)
  // Look-ups of a sign-in during the attempt: more than libuv has threads.
  await Promise.all(Array.from({ length: 16 }, () => dns.lookup('localhost')))
  expect(over).toBe(false)
  await delivering
  expect((await outbound.deliveries.list()).deliveries).toMatchObject([{ state: 'waiting', attempts: 1 }])
})

test('S30 V4: a name of a user that resolves to this machine is refused at the connection', async () => {
  const inside = await startHttpPeer((_, response) => say(response, 200))
  closing.push(() => inside.close())
  const server = await nameServer({ 'hook.test': ['127.0.0.1'] })
  const open = async (allowPrivateNetwork: boolean) => {
    const { port } = new URL(inside.url)
    const url = () => `${allowPrivateNetwork ? 'http' : 'https'}://hook.test:${port}/`
    const secret = `whsec_${randomBytes(32).toString('base64')}`
    const transport = webhook({
      url,
      secret,
      allowPrivateNetwork,
      dns: { servers: [server.address], hostsFile: false },
    })
    const bench = await openBench({ url: 'sqlite::memory:', transports: [transport] })
    closing.push(() => bench.close())
    await bench.commit({}, { transport: 'webhook' })
    await bench.outbound.runDue()
    return (await bench.outbound.deliveries.list()).deliveries
  }
  expect(await open(false)).toMatchObject([
    { state: 'dead', lastError: 'hook.test is not an address on the public internet.' },
  ])
  expect(inside.requests).toHaveLength(0)
  expect(await open(true)).toEqual([])
  expect(inside.requests).toHaveLength(1)
})

test('S40 V4: only known push services, and those that an operator adds, are allowed', async () => {
  const { transport } = await pushBench({ services: ['push.example'] })
  const allowed = [
    'https://fcm.googleapis.com/fcm/send/x',
    'https://updates.push.services.mozilla.com/wpush/v2/x',
    'https://web.push.apple.com/x',
    'https://wns2-par02p.notify.windows.com/w/?token=x',
    'https://push.example/x',
    'https://eu.push.example/x',
  ]
  for (const endpoint of allowed) expect(() => transport.checkEndpoint(endpoint)).not.toThrow()
  for (const host of ['evil.example', 'notfcm.googleapis.com', 'fcm.googleapis.com.evil.example', 'mypush.example']) {
    expect(() => transport.checkEndpoint(`https://${host}/x`), host).toThrow(
      expect.objectContaining({
        code: 'push_service_not_allowed',
        hint: expect.stringContaining('fcm.googleapis.com'),
      }),
    )
  }
  const { transport: open } = await pushBench({ services: 'any' })
  expect(() => open.checkEndpoint('https://evil.example/x')).not.toThrow()
})

test('S40 V4: an endpoint that was registered before the check is not called', async () => {
  const { commit, outbound, pushSubscriptions, clock } = await pushBench({})
  await pushSubscriptions.put('1', subscriptionOf('https://evil.test/x'), { now: clock(), max: 20 })
  await commit({}, { transport: 'web_push' })
  await outbound.runDue()
  expect((await outbound.deliveries.list()).deliveries).toMatchObject([
    { state: 'dead', lastError: 'evil.test is not an allowed push service.' },
  ])
})

test('R11: a subscription with invalid keys is removed, and the others are reached', async () => {
  const service = await startHttpPeer((_, response) => say(response, 201))
  closing.push(() => service.close())
  const { commit, outbound, pushSubscriptions, clock } = await pushBench({ allowPrivateNetwork: true })
  const good = subscriptionOf(`${service.url}/good`)
  const point = Buffer.alloc(65, 7).fill(4, 0, 1).toString('base64url')
  const bad = { ...good, endpoint: `${service.url}/bad`, keys: { ...good.keys, p256dh: point } }
  for (const one of [bad, good]) await pushSubscriptions.put('1', one, { now: clock(), max: 20 })
  await commit({}, { transport: 'web_push' })
  await outbound.runDue()
  expect(service.requests.map(({ path }) => path)).toEqual(['/good'])
  expect((await pushSubscriptions.list('1', clock())).map(({ endpoint }) => endpoint)).toEqual([good.endpoint])
  expect((await outbound.deliveries.list()).deliveries).toEqual([])
})
