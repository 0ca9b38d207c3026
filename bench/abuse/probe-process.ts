import { WebSocket } from 'ws'
import { HttpClient } from './http-client.ts'
import { addressOfNeighbour, type Scene } from './scene.ts'
import { signIn } from './sign-in.ts'

/**
 * The process of a normal user during a flood. The user reads `GET /auth/me` fifty times a second, signs in repeatedly, and
 * waits for notifications on a socket. Each message ends a phase, and the process answers with its figures.
 */
const scene: Scene = JSON.parse(process.argv[2] ?? '{}')
const client = new HttpClient(scene.port)
const mePath = scene.target === 'focus' ? '/api/auth/me' : '/api/auth/get-session'

export interface Phase {
  readonly me: readonly number[]
  readonly signIns: readonly number[]
  readonly deliveries: readonly number[]
  /** Number of each failure. */
  readonly failures: Readonly<Record<string, number>>
}

interface Collected {
  readonly me: number[]
  readonly signIns: number[]
  readonly deliveries: number[]
  readonly failures: Record<string, number>
}

let phase = emptyPhase()
process.on('message', () => {
  process.send?.(phase satisfies Phase)
  phase = emptyPhase()
})
process.once('disconnect', () => process.exit())

const waiting = new Map<string, number>()
openSocket()
setInterval(() => void timed('me', askMe), 20)
setInterval(() => void timed('notify', notify), 250)
void signInForever()
process.send?.('ready')

async function askMe(): Promise<void> {
  const { status } = await client.ask({
    method: 'GET',
    path: mePath,
    headers: { 'x-forwarded-for': addressOfNeighbour(), ...scene.victim.headers },
  })
  if (status !== 200) throw new Error(`answered ${status}`)
}

async function signInForever(): Promise<void> {
  for (;;) {
    await timed('sign-in', async () => void (await signIn(scene.target, client, scene.issuer, 'victim')))
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

async function notify(): Promise<void> {
  const title = `probe ${performance.now()}`
  waiting.set(title, performance.now())
  const { status } = await client.ask({
    method: 'POST',
    path: '/api/notifications',
    headers: { authorization: `Bearer ${scene.adminKey}`, 'x-forwarded-for': '203.0.113.99' },
    body: JSON.stringify({
      user_id: scene.target === 'focus' ? Number(scene.victim.userId) : scene.victim.userId,
      notification_type: 'info',
      title,
      message: 'm',
    }),
  })
  if (status >= 300) throw new Error(`answered ${status}`)
}

/** Frames of Focus and of Engine.IO both contain the title. */
function openSocket(): void {
  const path =
    scene.target === 'focus'
      ? `/api/ws/notifications?token=${scene.victim.token}`
      : `/socket.io/?EIO=4&transport=websocket&token=${scene.victim.userId}`
  const socket = new WebSocket(`ws://127.0.0.1:${scene.port}${path}`, {
    headers: { 'x-forwarded-for': addressOfNeighbour() },
  })
  socket.on('open', () => scene.target === 'peers' && socket.send('40'))
  socket.on('message', (data: Buffer) => {
    const text = String(data)
    if (text === '2') socket.send('3')
    const title = /probe [\d.]+/.exec(text)?.[0]
    const sent = title === undefined ? undefined : waiting.get(title)
    if (title === undefined || sent === undefined) return
    waiting.delete(title)
    phase.deliveries.push(performance.now() - sent)
  })
  socket.on('error', () => fail('socket', 'error'))
  socket.on('close', (code) => {
    fail('socket', `closed ${code}`)
    setTimeout(openSocket, 200)
  })
}

async function timed(what: 'me' | 'sign-in' | 'notify', work: () => Promise<void>): Promise<void> {
  const startedAt = performance.now()
  const lists = { me: phase.me, 'sign-in': phase.signIns, notify: null }
  try {
    await work()
  } catch (error) {
    fail(what, error instanceof Error ? error.message : String(error))
  }
  // A failed operation took time too.
  lists[what]?.push(performance.now() - startedAt)
}

function fail(what: string, why: string): void {
  phase.failures[`${what}: ${why}`] = (phase.failures[`${what}: ${why}`] ?? 0) + 1
}

function emptyPhase(): Collected {
  return { me: [], signIns: [], deliveries: [], failures: {} }
}
