import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Client } from '../../admission/client.ts'
import { FocusError } from '../../common/errors.ts'
import type { Connection } from '../connections/connection.ts'
import type { Sweeper } from '../connections/sweeper.ts'
import type { HubState } from '../hub-state.ts'
import { FrameReaders } from '../peers/frame-reader.ts'
import { type WebSocketHost, WebSocketPeer } from '../peers/web-socket-peer.ts'
import { closeCodes } from '../protocol/close-codes.ts'
import type { MessageHandler } from '../protocol/message-handler.ts'
import type { Gate } from './gate.ts'
import { forwardedFor, type Opening, parseTarget, readOpening, subprotocol, versionRefusal } from './handshake.ts'
import { handshakeRefusal, upgradeAnswer } from './upgrade-answer.ts'
import { refuseUpgrade } from './upgrade-refusal.ts'

/** Accepts WebSocket upgrades and passes the events of the sockets to the message handler. */
export class WebSocketEntry {
  readonly #state: HubState
  readonly #gate: Gate
  readonly #messages: MessageHandler
  readonly #sweeper: Sweeper
  readonly #path: string
  readonly #host: WebSocketHost

  constructor(state: HubState, gate: Gate, messages: MessageHandler, sweeper: Sweeper) {
    this.#state = state
    this.#gate = gate
    this.#messages = messages
    this.#sweeper = sweeper
    this.#path = `${state.config.basePath}/ws/notifications`
    this.#host = hostOf(state, messages)
  }

  /** Accepts or refuses an upgrade on the hub's path. Returns false, and does not touch the socket, on any other path. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const target = parseTarget(request.url)
    if (target?.path !== this.#path) return false
    const client = this.#state.control.client(request.socket.remoteAddress, forwardedFor(request))
    const opening = this.#accept(request, target.query, client, socket)
    // A client that has already disconnected is not counted as a connection.
    if (opening && socket.readable && socket.writable) this.#open(request, socket, head, client, opening)
    else if (opening) socket.destroy()
    return true
  }

  /** Returns null after it has answered an upgrade that is refused. */
  #accept(request: IncomingMessage, query: URLSearchParams, client: Client, socket: Duplex): Opening | null {
    try {
      const refusal = this.#gate.refusal(request, client) ?? versionRefusal(request) ?? handshakeRefusal(request)
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
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    client: Client,
    { credentials, subprotocols, filter, resume }: Opening,
  ): void {
    const withCredentials = credentials !== null
    if (withCredentials) socket.cork()
    const isOffered = subprotocols.includes(subprotocol)
    socket.write(upgradeAnswer(request, isOffered ? subprotocol : subprotocols[0]))
    const peer = new WebSocketPeer(socket, this.#host, withCredentials)
    const connection = this.#state.open(peer, client, !withCredentials)
    peer.start(connection, head)
    this.#sweeper.start()
    if (subprotocols.length > 0 && !isOffered) {
      this.#state.end(connection, closeCodes.badSubprotocol)
      return
    }
    connection.filter = filter
    connection.resume = resume
    if (withCredentials) void this.#messages.admit(connection, credentials)
  }
}

/** All sockets share this object: a closure per socket would take more memory than the connection itself. */
function hostOf(state: HubState, messages: MessageHandler): WebSocketHost {
  return {
    writer: state.turnWriter,
    readers: new FrameReaders(state.limits.maxMessageBytes),
    closeTimeoutMs: state.limits.closeTimeoutMs,
    message: (connection: Connection, data: Buffer, binary: boolean) => messages.message(connection, data, binary),
    ping: (connection: Connection) => messages.ping(connection),
    pong: (connection: Connection) => messages.pong(connection),
    broken: (connection: Connection, code) => state.end(connection, code),
    closed: (connection: Connection, code: number) => state.remove(connection, code),
  }
}
