import { connect, type Socket } from 'node:net'
import { ackEvery, type ClientAnswer, type ClientOrder, nowMs } from './protocol.ts'

/** The process of all clients: raw sockets with a manual upgrade, which count frames. */
let received = 0
let expected = Number.POSITIVE_INFINITY
let readsTimes = false
let latencies: number[] = []
let control: Socket | null = null
let acked = 0

process.on('message', (order: ClientOrder) => void obey(order))
process.on('disconnect', () => process.exit())

async function obey(order: ClientOrder): Promise<void> {
  if (order.op === 'connect') {
    control?.destroy()
    control = connect(order.controlPort, '127.0.0.1').setNoDelay(true)
    const left = order.sockets.values()
    const worker = async () => {
      for (const { port, token } of left) {
        const frames = new Frames()
        const socket = await open(port, token, order.greeting)
        socket.on('data', (bytes: Buffer) => frames.take(bytes))
      }
    }
    await Promise.all(Array.from({ length: 50 }, worker))
    answer({ op: 'connected' })
    return
  }
  received = 0
  acked = 0
  latencies = []
  expected = order.expected
  readsTimes = order.latency
  answer({ op: 'counting' })
}

/** Splits the bytes of one socket into frames (RFC 6455 §5.2); servers do not mask them. */
class Frames {
  #rest: Buffer = Buffer.alloc(0)

  take(bytes: Buffer): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    let at = 0
    for (;;) {
      if (all.length - at < 4) break
      const short = (all[at + 1] ?? 0) & 0x7f
      const header = short < 126 ? 2 : short === 126 ? 4 : 10
      const length = short < 126 ? short : short === 126 ? all.readUInt16BE(at + 2) : all.length
      if (all.length - at < header + length) break
      if (readsTimes) readTime(all.toString('latin1', at + header, at + header + length))
      at += header + length
      received += 1
    }
    this.#rest = at === all.length ? Buffer.alloc(0) : all.subarray(at)
    report()
  }
}

function readTime(text: string): void {
  const sent = /"sent":([\d.]+)/.exec(text)?.[1]
  if (sent !== undefined) latencies.push(nowMs() - Number(sent))
}

function report(): void {
  const due = Math.floor(received / ackEvery) - acked
  if (due > 0) {
    control?.write(Buffer.alloc(due))
    acked += due
  }
  if (received < expected) return
  expected = Number.POSITIVE_INFINITY
  answer({ op: 'counted', atMs: nowMs(), latenciesMs: latencies })
}

/** Resolves when the server has reported the connection as ready. */
function open(port: number, token: string, greeting: 'focus' | 'socket.io'): Promise<Socket> {
  const isSocketIo = greeting === 'socket.io'
  const path = isSocketIo
    ? `/socket.io/?EIO=4&transport=websocket&token=${token}`
    : `/api/ws/notifications?token=${token}`
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    let isJoining = false
    const onData = (bytes: Buffer) => {
      text += bytes.toString('latin1')
      if (isSocketIo && !isJoining && text.includes('"sid"')) {
        isJoining = true
        text = ''
        // The packet "40" (connect), masked with zeros.
        socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x34, 0x30]))
      } else if (isSocketIo ? isJoining && text.includes('"sid"') : isGreeted(text)) {
        socket.off('data', onData)
        resolve(socket)
      }
    }
    socket.on('data', onData)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`The server closed a connection: ${text.slice(0, 200)}`)))
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
  })
}

function isGreeted(text: string): boolean {
  return text.includes('"type":"connection"') && text.endsWith('}')
}

function answer(message: ClientAnswer): void {
  process.send?.(message)
}
