import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { textFrame } from './frame.ts'

/** Answers the upgrade itself and sends one frame, with the text whose index is the path. */
let server: Server
beforeAll(async () => {
  server = createServer().on('upgrade', (request, socket) => {
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    socket.write(textFrame(texts[Number(request.url?.slice(1))]?.[1] ?? ''))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => server.close())

const texts: [name: string, text: string][] = [
  ['nothing', ''],
  ['the longest with a short header', 'x'.repeat(125)],
  ['the shortest with 16 bits of length', 'x'.repeat(126)],
  ['the longest with 16 bits of length', 'x'.repeat(65_535)],
  ['the shortest with 64 bits of length', 'x'.repeat(65_536)],
  ['text beyond ASCII', 'Ça marche, 日本 🎉'.repeat(50)],
  ['text of latin1 only', 'é'.repeat(100)],
]

test.each(texts.map(([name, text], index) => ({ name, text, index })))(
  'a client reads a frame that carries $name',
  async ({ text, index }) => {
    const address = server.address()
    const client = new WebSocket(`ws://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/${index}`)
    const [data]: Buffer[] = await once(client, 'message')
    expect(data?.toString()).toBe(text)
    client.terminate()
  },
)
