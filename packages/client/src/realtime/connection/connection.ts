import type { ClientMessage, ServerMessage } from '../../protocol.ts'
import type { AccessTokens } from '../../session/session.ts'
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
 * Where the access token travels. `message`: in the first message, so that it is in no URL, log or history, and without a
 * request before each connection. `query`: as `?token=`, for servers that know only the first protocol.
 */
export type SocketAuth = 'message' | 'query'

export interface ConnectionOptions {
  readonly tokens: AccessTokens
  readonly auth: SocketAuth
  /** Read at every try; global when absent. */
  readonly WebSocket: typeof globalThis.WebSocket | undefined
  /** The address with the position to resume from, read at every try. */
  url(): URL
  message(message: ServerMessage): void
  state(state: ConnectionState): void
  forget(): void
}

/** The guide's interval, for servers that do not name theirs. */
const defaultHeartbeatMs = 30_000

/** Carries out what the state machine decides: the socket, the one timer, the tokens. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #events: MachineEvent[] = []
  #isDispatching = false
  #machine: Machine = idleMachine
  #socket: WebSocket | null = null
  /** Numbers the tries, so that what belongs to an earlier one is not taken for news. */
  #generation = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #heardAt = 0
  #token: string | null = null
  #stopListening: (() => void) | null = null

  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  get state(): ConnectionState {
    return this.#machine.public
  }

  /** The socket of the moment, while there is one. */
  get socket(): WebSocket | null {
    return this.#socket
  }

  /** Takes events one after the other: one that a listener causes waits until all listeners know of the one before. */
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

  /** Whether the message was handed to an authenticated connection. */
  send(message: ClientMessage): boolean {
    if (this.state.status !== 'open' || this.#socket?.readyState !== 1) return false
    this.#socket.send(JSON.stringify(message))
    return true
  }

  /** Gives the server a fresh token before the old one ends, so that the connection stays. */
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
      // The server will close with 4001, which has tries of its own.
      () => undefined,
    )
  }

  #take(event: MachineEvent): void {
    const before = this.#machine
    const { machine, effects } = step(before, event, performance.now(), Math.random(), Date.now())
    this.#machine = machine
    this.#schedule(machine)
    this.#listen(machine.public.status !== 'idle')
    for (const effect of effects) this.#carryOut(effect)
    if (machine.public !== before.public) this.#options.state(machine.public)
  }

  #carryOut(effect: Effect): void {
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
    // The codes from 4000 on are the server's; proxies close with others.
    const isFinal = this.#machine.reason.code >= 4000
    const answer = renew && this.#token !== null ? tokens.renew(this.#token, isFinal) : tokens.get()
    answer.then(
      (token) => {
        if (generation === this.#generation) this.dispatch({ type: 'token', token })
      },
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error)
        if (generation === this.#generation) this.dispatch({ type: 'unauthorized', message })
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
      // No address, or no WebSocket in this runtime: trying again would not help.
      this.dispatch({ type: 'close', code: 4999, reason: error instanceof Error ? error.message : String(error) })
      return
    }
    this.#socket = socket
    socket.onopen = () => {
      if (auth === 'message') socket.send(JSON.stringify({ action: 'auth', token } satisfies ClientMessage))
    }
    socket.onmessage = (event: MessageEvent<unknown>) => this.#hear(event.data)
    socket.onclose = ({ code, reason }: CloseEvent) => {
      this.#socket = null
      this.dispatch({ type: 'close', code, reason })
    }
    // Says nothing that `close`, which follows, does not; but without a listener some implementations throw.
    socket.onerror = () => undefined
  }

  #hear(data: unknown): void {
    this.#heardAt = performance.now()
    const message = parse(data)
    if (!message) return
    if (message.type === 'connection') {
      const seconds = message.heartbeat_interval
      // Position and counts first: who is told of `open` may look at them.
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
    socket.onerror = () => undefined
    socket.close(1000)
  }

  #schedule({ deadline }: Machine): void {
    clearTimeout(this.#timer)
    if (deadline === null) return
    this.#timer = setTimeout(
      () => this.dispatch({ type: 'tick', heardAt: this.#heardAt }),
      Math.max(0, deadline - performance.now()),
    )
  }

  #listen(wanted: boolean): void {
    if (wanted) {
      this.#stopListening ??= listenToPage({
        wake: () => this.dispatch({ type: 'wake' }),
        doubt: () => this.dispatch({ type: 'doubt' }),
      })
    } else {
      this.#stopListening?.()
      this.#stopListening = null
    }
  }
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== 'string') return null
  try {
    const value: unknown = JSON.parse(data)
    const isMessage = typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
    // The server is who says what follows a type; unknown types pass through the switch that reads them.
    return isMessage ? (value as ServerMessage) : null
  } catch {
    return null
  }
}
