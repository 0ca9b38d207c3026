import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { ClientAnswer, ClientOrder, Greeting } from './protocol.ts'

/** The process of all clients: raw sockets with a manual upgrade, which only count bytes. */
let received = 0
let roundBytes = Number.POSITIVE_INFINITY
let rounds = 0
let control: Socket | null = null
/** The sockets of a storm. */
let arrived: Socket[] = []

process.on('message', (order: ClientOrder) => void obey(order))
process.on('disconnect', () => process.exit())

async function obey(order: ClientOrder): Promise<void> {
  switch (order.op) {
    case 'connect': {
      control = connect(order.controlPort, '127.0.0.1')
      control.setNoDelay(true)
      const started = performance.now()
      await connectAll(order)
      answer({ op: 'connected', seconds: (performance.now() - started) / 1_000 })
      break
    }
    case 'storm': {
      const started = performance.now()
      await eachOf(order.tokens, order.concurrency, async (token) => {
        arrived.push(await open(order.port, token, order.greeting))
      })
      answer({ op: 'stormed', seconds: (performance.now() - started) / 1_000 })
      break
    }
    case 'leave': {
      const gone = Promise.all(arrived.map((socket) => once(socket.destroy(), 'close')))
      arrived = []
      await gone
      answer({ op: 'left' })
      break
    }
    case 'count':
      received = 0
      rounds = 0
      roundBytes = order.roundBytes
      answer({ op: 'counting' })
      break
    case 'received':
      answer({ op: 'received', bytes: received })
      break
  }
}

async function connectAll(order: Extract<ClientOrder, { op: 'connect' }>): Promise<void> {
  await eachOf(order.tokens, order.concurrency, async (token) => {
    const socket = await open(order.port, token, order.greeting)
    socket.on('data', count)
  })
}

async function eachOf<Item>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = items.values()
  const worker = async () => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
}

/** Resolves when the server has reported the connection as ready. */
function open(port: number, token: string, greeting: Greeting): Promise<Socket> {
  const path =
    greeting === 'socket.io'
      ? `/socket.io/?EIO=4&transport=websocket&token=${token}`
      : `/api/ws/notifications?token=${token}`
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    let step = 0
    const onData = (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (greeting === 'socket.io' && step === 0 && text.includes('"sid"')) {
        step = 1
        text = ''
        // The packet "40" (connect), masked with zeros.
        socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]))
      } else if (ready(text, greeting, step)) {
        socket.off('data', onData)
        resolve(socket)
      }
    }
    socket.on('data', onData)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      )
    })
  })
}

function ready(text: string, greeting: Greeting, step: number): boolean {
  switch (greeting) {
    case 'socket.io':
      return step === 1 && text.includes('"sid"')
    case 'focus':
      return text.includes('"type":"connection"') && text.endsWith('}')
    case 'none':
      return text.endsWith('\r\n\r\n')
  }
}

function count(bytes: Buffer): void {
  received += bytes.length
  const complete = Math.floor(received / roundBytes)
  if (complete <= rounds) return
  control?.write(Buffer.alloc(complete - rounds))
  rounds = complete
}

function answer(message: ClientAnswer): void {
  process.send?.(message)
}
