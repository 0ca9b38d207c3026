import { EventEmitter } from 'node:events'
import type { Broker, BrokerMessage } from '../../../src/cluster/broker-port.ts'

/** A broker as an application could write it: everything that nodes publish goes through one event emitter. */
export class EmitterBroker implements Broker {
  connected = true
  readonly #bus: EventEmitter
  readonly #own = new EventEmitter()

  /** @param bus shared by all nodes */
  constructor(bus: EventEmitter) {
    this.#bus = bus
    bus.on('message', this.#receive)
  }

  publish(message: BrokerMessage): void {
    if (this.connected) this.#bus.emit('message', JSON.stringify(message))
  }

  async subscribe(): Promise<void> {}

  async unsubscribe(): Promise<void> {}

  onMessage(listener: (message: BrokerMessage) => void): () => void {
    this.#own.on('message', listener)
    return () => this.#own.off('message', listener)
  }

  onConnectionChange(listener: (connected: boolean) => void): () => void {
    this.#own.on('change', listener)
    return () => this.#own.off('change', listener)
  }

  /** Loses or restores the connection to the other nodes. */
  connect(connected: boolean): void {
    this.connected = connected
    this.#own.emit('change', connected)
  }

  async close(): Promise<void> {
    this.#bus.off('message', this.#receive)
    this.#own.removeAllListeners()
  }

  readonly #receive = (text: string) => {
    if (this.connected) this.#own.emit('message', JSON.parse(text))
  }
}
