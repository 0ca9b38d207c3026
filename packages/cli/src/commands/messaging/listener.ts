import { setTimeout as delay } from 'node:timers/promises'
import { CommandFailure } from '../../terminal/failure.ts'

export type Message = { readonly type: string; readonly [field: string]: unknown }

/** The reader's position in the stream of a user; the epoch is null until the server has sent it. */
export interface Position {
  readonly epoch: string | null
  readonly offset: number
}

export interface ListenOptions {
  /** Address of the routes, such as `http://localhost:8000/api`. */
  readonly base: string
  /** Called before each connection attempt. */
  readonly token: () => Promise<string>
  /** Topics to subscribe to; all topics when empty. */
  readonly events: readonly string[]
  readonly from: Position | null
  /** Ends the listener: the promise rejects with the signal's reason. */
  readonly signal: AbortSignal
  readonly onMessage: (message: Message) => void
  /** Called with progress notes beside the messages. */
  readonly onNote: (note: string) => void
}

/** Close codes below this one ask the client to reconnect; codes from this one ask it to stop (`PROTOCOL.md`). */
const FIRST_FINAL_CODE = 4500
const FIRST_DELAY_MS = 250
const LONGEST_DELAY_MS = 10_000

/**
 * Receives the messages of a user across reconnects and without a gap, until the signal ends it.
 *
 * @throws CommandFailure `unreachable` when not even the first connection succeeds, `refused` when the server says stop
 */
export async function listen(options: ListenOptions): Promise<never> {
  const { signal, onNote } = options
  let position = options.from
  let failures = 0
  for (;;) {
    const connection = await connect(options, position)
    position = connection.position
    signal.throwIfAborted()
    if (connection.code >= FIRST_FINAL_CODE && connection.code < 5000) throw refused(connection.code, connection.reason)
    if (!connection.greeted && position === options.from && failures === 0) {
      throw new CommandFailure('unreachable', `No WebSocket could be opened at ${options.base}/ws/notifications.`, {
        hint: 'Check that the server runs, that WEBSOCKET_ENABLED is True, and that the reverse proxy forwards upgrades; `focus doctor` tests it.',
      })
    }
    failures = connection.greeted ? 0 : failures + 1
    const waitMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** failures)
    onNote(`connection lost (${connection.code}); trying again in ${waitMs / 1000} s`)
    await delay(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted())
  }
}

interface EndedConnection {
  /** Whether the server has sent `connection`. */
  readonly greeted: boolean
  readonly position: Position | null
  readonly code: number
  readonly reason: string
}

async function connect(options: ListenOptions, from: Position | null): Promise<EndedConnection> {
  const { base, events, signal, onMessage } = options
  const token = await options.token()
  const url = new URL(`${base.replace(/^http/, 'ws')}/ws/notifications`)
  if (events.length > 0) url.searchParams.set('events', events.join(','))
  if (from?.epoch != null) {
    url.searchParams.set('epoch', from.epoch)
    url.searchParams.set('offset', String(from.offset))
  }
  const socket = new WebSocket(url)
  let position = from
  let greeted = false
  const { promise, resolve } = Promise.withResolvers<EndedConnection>()
  const leave = () => socket.close(1000)
  signal.addEventListener('abort', leave)
  // The token goes into a message, never into the address: addresses are logged.
  socket.addEventListener('open', () => socket.send(JSON.stringify({ action: 'auth', token })))
  socket.addEventListener('message', ({ data }) => {
    const message = parse(data)
    if (message === null) return
    if (message.type === 'connection') {
      greeted = true
      const epoch = streamEpoch(message)
      if (position !== null && position.epoch === null && epoch !== null) {
        position = { epoch, offset: position.offset }
        socket.send(JSON.stringify({ action: 'resume', ...position }))
      }
    }
    position = advance(position, message)
    onMessage(message)
  })
  socket.addEventListener('error', () => undefined)
  socket.addEventListener('close', ({ code, reason }) => resolve({ greeted, position, code, reason }))
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/**
 * Returns the new position. Heartbeats and notifications carry it; the shared stream of broadcasts has its own offsets.
 */
function advance(position: Position | null, { type, stream, epoch, offset }: Message): Position | null {
  if ((type !== 'heartbeat' && type !== 'notification') || stream === 'all') return position
  return typeof epoch === 'string' && typeof offset === 'number' ? { epoch, offset } : position
}

function streamEpoch({ stream }: Message): string | null {
  const epoch: unknown = typeof stream === 'object' && stream !== null ? Reflect.get(stream, 'epoch') : null
  return typeof epoch === 'string' ? epoch : null
}

function parse(data: unknown): Message | null {
  try {
    const value: unknown = JSON.parse(String(data))
    const isMessage = typeof value === 'object' && value !== null && typeof Reflect.get(value, 'type') === 'string'
    return isMessage ? (value as Message) : null
  } catch {
    return null
  }
}

const meanings: Readonly<Record<number, string>> = {
  4500: 'the token is not valid',
  4502: 'no authentication arrived in time',
  4503: 'the session has ended',
  4504: 'the user has too many connections',
  4507: 'it is forbidden',
}

function refused(code: number, reason: string): CommandFailure {
  return new CommandFailure('refused', `The server closed the connection (${code}): ${meanings[code] ?? reason}.`, {
    hint: 'Get a fresh token with `focus token <user>`, or use --user.',
  })
}
