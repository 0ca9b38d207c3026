import { once } from 'node:events'
import { expect, test } from 'vitest'
import { serverMessages } from '../../src/realtime/protocol/messages.ts'
import { Dice } from '@focus-api/test-kit/values/dice'
import { heapAfterCollection } from '@focus-api/test-kit/processes/heap'
import { type FuzzedFrame, nearlyAFrame, nearlyAnAction } from './support/fuzz.ts'
import { HubServer } from './support/hub-server.ts'
import { clientFrame, RawClient } from './support/raw-client.ts'

const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)
const total = Number(process.env['FUZZ_FRAMES'] ?? 100_000)
const patient = { actionsPerMinute: 1_000_000_000, malformedMessages: 1_000_000_000, lingerMs: 50 }

/** Close codes for frames that break RFC 6455, and for the answer to a close frame of the client. */
const transportCodes = [1002, 1007, 1008, 1009]

/** Bytes that are not a frame: the reserved bits of the first one are set. */
function noFrame(dice: Dice): FuzzedFrame {
  return { bytes: Buffer.concat([Buffer.from([0xf0 | dice.below(16)]), dice.bytes(dice.below(300))]), closeCode: null }
}

async function play(server: HubServer, frames: readonly Buffer[]): Promise<RawClient> {
  const client = await RawClient.open(server.port, '?token=1')
  if (!client.socket.write(Buffer.concat(frames))) {
    await Promise.race([once(client.socket, 'drain'), client.closed])
  }
  client.socket.end()
  await client.closed
  return client
}

function judge(client: RawClient, allowed: (code: number) => boolean): void {
  for (const { opcode, payload } of client.frames()) {
    if (opcode === 1) {
      const message = JSON.parse(payload.toString())
      const [, schema] = Object.entries(serverMessages).find(([type]) => type === message.type) ?? []
      expect(schema?.strict().safeParse(message).error, payload.toString()).toBeUndefined()
      expect(schema).toBeDefined()
    } else {
      expect([8, 9, 10]).toContain(opcode)
    }
  }
  const code = client.closeCode()
  if (code !== null) expect(allowed(code), `closed with ${code}`).toBe(true)
}

test(`${total} random frames cause no crash, no leak and no wrong close code (FUZZ_SEED=${seed})`, {
  timeout: 600_000,
}, async () => {
  const dice = new Dice(seed)
  const server = await HubServer.start({ limits: patient })
  const bystander = await server.connect('2')
  server.feed.notifyMany(
    '1',
    Array.from({ length: 50 }, () => ({ event: 'limits' })),
  )
  let sent = 0

  // The first half are valid frames with nearly valid messages: the connection has to stay open.
  while (sent < total / 2) {
    const frames = Array.from({ length: 500 }, () => clientFrame(1, Buffer.from(nearlyAnAction(dice))))
    const client = await play(server, [...frames, clientFrame(8, Buffer.from([0x03, 0xe8]))])
    judge(client, (code) => code === 1000)
    sent += frames.length
  }

  const heapAtHalf = heapAfterCollection()

  // The second half contains invalid frames too.
  while (sent < total) {
    const frames = Array.from({ length: 100 }, () => (dice.chance(0.97) ? nearlyAFrame(dice) : noFrame(dice)))
    const client = await play(
      server,
      frames.map(({ bytes }) => bytes),
    )
    judge(client, (code) => transportCodes.includes(code) || frames.some(({ closeCode }) => closeCode === code))
    sent += frames.length
    if (sent % 10_000 === 0) {
      server.feed.notify('2')
      await bystander.until('notification')
    }
  }

  expect(await bystander.settled()).toEqual([])
  await expect.poll(() => server.hub.connections()).toHaveLength(1)
  await bystander.close()
  await expect.poll(() => server.hub.connections()).toHaveLength(0)
  expect(heapAfterCollection() - heapAtHalf).toBeLessThan(8_000_000)
  await server.stop()
})

test('with the default limits, a client that sends random frames is closed with 4501 or 4013', async () => {
  const dice = new Dice(seed)
  const server = await HubServer.start()
  const codes = new Set<number | null>()
  for (let round = 0; round < 20; round += 1) {
    const rubbish = round % 2 === 0
    const frames = Array.from({ length: 400 }, () =>
      clientFrame(1, Buffer.from(rubbish ? dice.bytes(20).toString('latin1') : '{"action":"ping"}')),
    )
    codes.add((await play(server, frames)).closeCode())
  }
  expect(codes).toEqual(new Set([4013, 4501]))
  await server.stop()
})
