import { WebSocket } from 'ws'
import type { SoakClientReport } from './soak-protocol.ts'

/** The process of all clients. Each resumes from its position, and checks every notification against it. */
const { url, tokens, kicks }: { url: string; tokens: readonly string[]; kicks: number } = await new Promise((resolve) =>
  process.once('message', resolve),
)

const tally = { received: 0, lost: 0, duplicated: 0, reconnects: 0, unrecovered: 0 }
let stopping = false

class Client {
  readonly #token: string
  #epoch = ''
  #socket: WebSocket | null = null
  position = -1

  constructor(token: string) {
    this.#token = token
  }

  get connected(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN
  }

  /** Resolves with the first `connection` message. */
  connect(): Promise<void> {
    const resume = this.position < 0 ? '' : `&epoch=${this.#epoch}&offset=${this.position}`
    const socket = new WebSocket(`${url}?token=${this.#token}${resume}`)
    this.#socket = socket
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (stopping) return
      tally.reconnects += 1
      setTimeout(() => void this.connect(), Math.random() * 1_000)
    })
    return new Promise((resolve) => {
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString())
        if (message.type === 'notification') this.#notification(message.offset)
        else if (message.type === 'connection') {
          if (this.position < 0) {
            this.position = message.stream.offset
            this.#epoch = message.stream.epoch
          } else if (!message.resume.recovered) tally.unrecovered += 1
          resolve()
        }
      })
    })
  }

  kick(): void {
    this.#socket?.terminate()
  }

  #notification(offset: number): void {
    tally.received += 1
    if (offset <= this.position) tally.duplicated += 1
    else tally.lost += offset - this.position - 1
    this.position = Math.max(this.position, offset)
  }
}

const clients = tokens.map((token) => new Client(token))
const left = clients.values()
await Promise.all(
  Array.from({ length: 50 }, async () => {
    for (const client of left) await client.connect()
  }),
)
report()
const kicking = setInterval(() => clients[Math.floor(Math.random() * clients.length)]?.kick(), 2_000 / kicks)
setInterval(report, 5_000)

process.on('message', (order: 'calm' | 'finish') => {
  clearInterval(kicking)
  if (order === 'calm') return
  stopping = true
  report({ positions: clients.map(({ position }) => position) })
})
process.on('disconnect', () => process.exit())

function report(more: Pick<SoakClientReport, 'positions'> = {}): void {
  const connected = clients.filter((client) => client.connected).length
  process.send?.({ op: 'report', ...tally, connected, ...more } satisfies SoakClientReport)
}
