import type { ClientMessage, ServerMessage } from '../../protocol.ts'
import type { AccessTokens } from '../../session/session.ts'
import { textField } from '../../text-field.ts'
import {
  type ConnectionState,
  type Effect,
  idleMachine,
  type Machine,
  type MachineEvent,
  step,
} from './connection-machine.ts'
import { listenToPage } from './page-signals.ts'

/**
 * How the client sends the access token. `message`: in the first message, so that URLs, logs and histories do not contain
 * it. `query`: as `?token=`, for servers of the first protocol.
 */
export type SocketAuth = 'message' | 'query'

export interface ConnectionOptions {
  readonly tokens: AccessTokens
  readonly auth: SocketAuth
  /** Default: the global class, read at every try. */
  readonly WebSocket: typeof globalThis.WebSocket | undefined
  /** Returns the address with the position to resume from. Called at every try. */
  url(): URL
  message(message: ServerMessage): void
  state(state: ConnectionState): void
  forget(): void
}

/** Interval of servers that do not send theirs. */
const defaultHeartbeatMs = 30_000

/** Executes the effects of the state machine: socket, timer and tokens. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #events: MachineEvent[] = []
  #isDispatching = false
  #machine: Machine = idleMachine
  #socket: WebSocket | null = null
  /** Number of the try, so that results of earlier tries are ignored. */
  #generation = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastMessageAt = 0
  #token: string | null = null
  #stopListening: (() => void) | null = null

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get state(): ConnectionState {
    return this.#machine.public
  }

  /** The current socket; null without one. */
  get socket(): WebSocket | null {
    return this.#socket
  }

  /** Handles events in order. An event that a listener causes waits until all listeners have received the earlier one. */
  dispatch(event: MachineEvent): void {
    this.#events.push(event)
    if (this.#isDispatching) return
    this.#isDispatching = true
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#take(next)
    } finally {
      this.#isDispatching = false
    }
  }

  /** Sends a message. Returns false without an authenticated connection. */
  send(message: ClientMessage): boolean {
    if (this.state.status !== 'open' || this.#socket?.readyState !== 1) return false
    this.#socket.send(JSON.stringify(message))
    return true
  }

  /** Sends a new token before the current one expires, so that the server keeps the connection open. */
  reauthenticate(): void {
    const generation = this.#generation
    const { tokens } = this.#options
    const token = this.#token
    if (token === null) return
    tokens.renew(token, false).then(
      (fresh) => {
        if (fresh === null || generation !== this.#generation) return
        this.#token = fresh
        this.send({ action: 'auth', token: fresh })
      },
      // The server then closes with 4001, and the state machine tries again.
      () => undefined,
    )
  }

  #take(event: MachineEvent): void {
    const before = this.#machine
    const { machine, effects } = step(before, event, performance.now(), Math.random(), Date.now())
    this.#machine = machine
    this.#schedule(machine)
    this.#listen(machine.public.status !== 'idle')
    for (const effect of effects) this.#execute(effect)
    if (machine.public !== before.public) this.#options.state(machine.public)
  }

  #execute(effect: Effect): void {
    switch (effect.type) {
      case 'authorize':
        return this.#authorize(effect.renew)
      case 'open':
        return this.#open(effect.token)
      case 'drop':
        return this.#drop()
      case 'probe':
        this.send({ action: 'ping', timestamp: new Date().toISOString() })
        return
      case 'forget':
        return this.#options.forget()
    }
  }

  #authorize(renew: boolean): void {
    this.#generation += 1
    const generation = this.#generation
    const { tokens } = this.#options
    // Codes from 4000 come from the server itself. Proxies close with other codes.
    const isFinal = this.#machine.reason.code >= 4000
    const answer = renew && this.#token !== null ? tokens.renew(this.#token, isFinal) : tokens.get()
    answer.then(
      (token) => {
        if (generation === this.#generation) this.dispatch({ type: 'token', token })
      },
      (error: unknown) => {
        if (generation === this.#generation) this.dispatch({ type: 'unauthorized', message: messageOf(error) })
      },
    )
  }

  #open(token: string): void {
    const { auth } = this.#options
    const Socket = this.#options.WebSocket ?? globalThis.WebSocket
    this.#token = token
    let socket: WebSocket
    try {
      const url = this.#options.url()
      if (auth === 'query') url.searchParams.set('token', token)
      socket = new Socket(url)
    } catch (error) {
      // An invalid address, or no WebSocket in this runtime: another try would fail too.
      this.dispatch({ type: 'close', code: 4999, reason: messageOf(error) })
      return
    }
    this.#socket = socket
    socket.onopen = () => {
      if (auth === 'message') socket.send(JSON.stringify({ action: 'auth', token } satisfies ClientMessage))
    }
    socket.onmessage = (event: MessageEvent<unknown>) => this.#received(event.data)
    socket.onclose = ({ code, reason }: CloseEvent) => {
      this.#socket = null
      this.dispatch({ type: 'close', code, reason })
    }
    // `close` follows and is enough, but some implementations throw without an error listener.
    socket.onerror = () => undefined
  }

  #received(data: unknown): void {
    this.#lastMessageAt = performance.now()
    const message = parse(data)
    if (!message) return
    if (message.type === 'connection') {
      const seconds = message.heartbeat_interval
      // Position and counts first: listeners of `open` may read them.
      this.#options.message(message)
      this.dispatch({ type: 'connection', heartbeatMs: seconds ? seconds * 1000 : defaultHeartbeatMs })
      return
    }
    if (message.type === 'reconnect') this.dispatch({ type: 'leaving', afterMs: message.after_ms })
    this.#options.message(message)
  }

  #drop(): void {
    this.#generation += 1
    const socket = this.#socket
    if (!socket) return
    this.#socket = null
    socket.onopen = null
    socket.onmessage = null
    socket.onclose = null
    socket.close(1000)
  }

  #schedule({ deadline }: Machine): void {
    clearTimeout(this.#timer)
    if (deadline === null) return
    this.#timer = setTimeout(
      () => this.dispatch({ type: 'tick', lastMessageAt: this.#lastMessageAt }),
      Math.max(0, deadline - performance.now()),
    )
  }

  #listen(wanted: boolean): void {
    if (wanted) {
      this.#stopListening ??= listenToPage((type) => this.dispatch({ type }))
    } else {
      this.#stopListening?.()
      this.#stopListening = null
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null
  try {
    const value: unknown = JSON.parse(data)
    // The other fields are trusted, because the server sets them. Unknown types are ignored later.
    return textField(value, 'type') === undefined ? null : (value as ServerMessage)
  } catch {
    return null
  }
}
