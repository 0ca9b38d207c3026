import type { Runtime } from '../../common/runtime.ts'
import type { Transport } from '../transport.ts'
import type { DisabledTransport, TransportStateStore } from './outbox-port.ts'

/** The transports that are switched off because their peer is gone, on this node or on another. */
export class TransportSwitches {
  readonly #fingerprints: ReadonlyMap<string, string>
  readonly #states: TransportStateStore
  readonly #runtime: Runtime
  #disabled = new Map<string, DisabledTransport>()

  constructor(transports: readonly Transport[], states: TransportStateStore, runtime: Runtime) {
    this.#fingerprints = new Map(transports.map(({ name, fingerprint = '' }) => [name, fingerprint]))
    this.#states = states
    this.#runtime = runtime
  }

  isDisabled(name: string): boolean {
    return this.#disabled.has(name)
  }

  /** Reads the states that all nodes share. A transport with a new fingerprint points to another peer and is on again. */
  async refresh(): Promise<void> {
    if (this.#fingerprints.size === 0) return
    const states = await this.#states.disabled()
    const current = states.filter(({ name, fingerprint }) => this.#fingerprints.get(name) === fingerprint)
    this.#disabled = new Map(current.map((state) => [state.name, state]))
  }

  /** Switches a transport off on every node, until an operator switches it on. */
  async disable(name: string, reason: string): Promise<void> {
    const { clock, logger } = this.#runtime
    const state = { name, fingerprint: this.#fingerprints.get(name) ?? '', reason, disabledAt: clock() }
    this.#disabled.set(name, state)
    logger.error(
      'A transport was switched off because its peer is gone. Run `focus transports enable` to switch it on.',
      {
        transport: name,
        reason,
      },
    )
    await this.#states.disable(state)
  }
}
