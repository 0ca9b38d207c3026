import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Server as WebSocketServerOf, type WebSocket, WebSocketServer } from 'ws'
import type { Client } from '../../admission/client.ts'
import { FocusError } from '../../common/errors.ts'
import type { Connection } from '../connections/connection.ts'
import type { Sweeper } from '../connections/sweeper.ts'
import type { HubState } from '../hub-state.ts'
import { badFrame, watchFrameLengths } from '../peers/frame-lengths.ts'
import { FocusWebSocket, WebSocketPeer } from '../peers/web-socket-peer.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { MessageHandler } from '../protocol/message-handler.ts'
import type { Gate } from './gate.ts'
import { forwardedFor, type Opening, parseTarget, readOpening, subprotocol, versionRefusal } from './handshake.ts'
import { refuseHandshake, refuseUpgrade } from './upgrade-refusal.ts'

/** Accepts WebSocket upgrades and passes the events of the sockets to the message handler. */
export class WebSocketEntry {
  readonly #state: HubState
  readonly #gate: Gate
  readonly #messages: MessageHandler
  readonly #sweeper: Sweeper
  readonly #path: string
  readonly #server: WebSocketServerOf<typeof FocusWebSocket>

  constructor(state: HubState, gate: Gate, messages: MessageHandler, sweeper: Sweeper) {
    this.#state = state
    this.#gate = gate
    this.#messages = messages
    this.#sweeper = sweeper
    this.#path = `${state.config.basePath}/ws/notifications`
    const options = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: state.limits.maxMessageBytes,
      WebSocket: FocusWebSocket,
      handleProtocols: (offered: Set<string>) => (offered.has(subprotocol) ? subprotocol : ([...offered][0] ?? false)),
      // Missing from the type definitions of `ws`.
      closeTimeout: state.limits.closeTimeoutMs,
    } as const
    this.#server = new WebSocketServer(options)
    this.#server.on('wsClientError', refuseHandshake)
  }

  /** Accepts or refuses an upgrade on the hub's path. Returns false, and does not touch the socket, on any other path. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const target = parseTarget(request.url)
    if (target?.path !== this.#path) return false
    const client = this.#state.control.client(request.socket.remoteAddress, forwardedFor(request))
    const opening = this.#accept(request, target.query, client, socket)
    if (!opening) return true
    if (opening.credentials) socket.cork()
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const peer = new WebSocketPeer(webSocket, socket, this.#state.turnWriter, opening.credentials !== null)
      const connection = this.#open(webSocket, peer, client, opening)
      watchFrameLengths(socket, () => this.#state.end(connection, badFrame))
    })
    return true
  }

  /** Returns null after it has answered an upgrade that is refused. */
  #accept(request: IncomingMessage, query: URLSearchParams, client: Client, socket: Duplex): Opening | null {
    try {
      const refusal = this.#gate.refusal(request, client) ?? versionRefusal(request)
      if (refusal) throw refusal
      const opening = readOpening(request, query, this.#state.limits.topicsPerConnection)
      const credentialsRefusal = this.#gate.credentialsRefusal(opening.credentials, client)
      if (credentialsRefusal) throw credentialsRefusal
      return opening
    } catch (error) {
      if (!(error instanceof FocusError)) throw error
      refuseUpgrade(socket, error)
      return null
    }
  }

  #open(
    webSocket: FocusWebSocket,
    peer: WebSocketPeer,
    client: Client,
    { credentials, subprotocols, filter, resume }: Opening,
  ): Connection {
    const connection = this.#state.open(peer, client, credentials === null)
    this.#sweeper.start()
    webSocket.connection = connection
    webSocket.on('error', ignore)
    webSocket.on('close', this.#onClose)
    webSocket.on('message', this.#onMessage)
    webSocket.on('ping', this.#onPing)
    webSocket.on('pong', this.#onPong)
    if (subprotocols.length > 0 && !subprotocols.includes(subprotocol)) {
      this.#state.end(connection, closeCodes.badSubprotocol)
      return connection
    }
    connection.filter = filter
    connection.resume = resume
    if (credentials) void this.#messages.admit(connection, credentials)
    return connection
  }

  // All sockets share these listeners: a closure per socket would take more memory than the connection itself.
  readonly #onMessage = listener((connection, data: Buffer, binary: boolean) =>
    this.#messages.message(connection, data, binary),
  )
  readonly #onPing = listener((connection) => this.#messages.ping(connection))
  readonly #onPong = listener((connection) => this.#messages.pong(connection))
  readonly #onClose = listener((connection, code: number) => this.#state.remove(connection, code))
}

function listener<Args extends unknown[]>(
  handle: (connection: Connection, ...args: Args) => void,
): (this: WebSocket, ...args: Args) => void {
  return function (this: WebSocket, ...args) {
    if (this instanceof FocusWebSocket && this.connection) handle(this.connection, ...args)
  }
}

/** A socket that fails emits `close` next, and the connection is removed then. */
function ignore(): void {}
