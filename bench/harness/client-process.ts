import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { ClientSocket, received } from './client-socket.ts'
import { type ClientAnswer, type ClientOrder, nowMs } from './protocol.ts'

/** The process of all clients: raw sockets with a manual upgrade, which only count frames. */
let sockets: ClientSocket[] = []
let control: Socket | null = null
let told = 0
let reported = { frames: 0, bytes: 0 }
/** Number of all frames after which the runner is told. */
let expected = Number.POSITIVE_INFINITY

received.onFrames = () => setImmediate(tell)
process.on('message', (order: ClientOrder) => {
  obey(order).catch((error: unknown) => answer({ op: 'failed', message: String(error) }))
})
process.on('disconnect', () => process.exit())

async function obey(order: ClientOrder): Promise<void> {
  switch (order.op) {
    case 'connect': {
      if (order.controlPort !== null) control ??= await openControl(order.controlPort)
      const started = performance.now()
      await connectAll(order)
      answer({ op: 'connected', seconds: (performance.now() - started) / 1_000 })
      break
    }
    case 'leave': {
      const gone = sockets
      sockets = []
      await Promise.all(gone.map((socket) => socket.close()))
      answer({ op: 'left' })
      break
    }
    case 'received': {
      const { frames, bytes } = received
      answer({ op: 'received', frames: frames - reported.frames, bytes: bytes - reported.bytes })
      reported = { frames, bytes }
      break
    }
    case 'expect':
      expected = received.frames + order.frames
      received.latenciesMs = []
      received.readsTimes = order.times
      answer({ op: 'expecting' })
      break
  }
}

async function openControl(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true)
  await once(socket, 'connect')
  return socket
}

/** Tells the server once a turn how many frames have arrived since the connection, and the runner when all have. */
function tell(): void {
  received.isNoted = false
  if (received.frames === told) return
  if (received.frames >= expected) {
    expected = Number.POSITIVE_INFINITY
    answer({ op: 'arrived', atMs: nowMs(), latenciesMs: received.latenciesMs })
  }
  told = received.frames
  const count = Buffer.allocUnsafe(4)
  count.writeUInt32LE(told)
  control?.write(count)
}

async function connectAll(order: Extract<ClientOrder, { op: 'connect' }>): Promise<void> {
  const left = order.sockets.values()
  const worker = async () => {
    for (const address of left) sockets.push(await ClientSocket.open(address, order.greeting))
  }
  await Promise.all(Array.from({ length: order.concurrency }, worker))
}

function answer(message: ClientAnswer): void {
  process.send?.(message)
}
