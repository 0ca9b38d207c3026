import type { Transport } from '../transport.ts'

/** The behaviour of the peer at the other end. */
export type PeerBehaviour =
  /** It accepts messages. */
  | 'accepts'
  /** It is down or overloaded, and will come back. */
  | 'unavailable'
  /** It will never accept this message. */
  | 'refuses'
  /** It accepts the connection and never answers. */
  | 'silent'

/** More behaviours of a peer. Their checks run only where `behaviours` lists them. */
export type OddPeerBehaviour =
  /** It accepts and confirms the message, then hangs, disconnects or sends garbage, as far as its protocol allows it. */
  | 'accepts_oddly'
  /** It is busy and asks for a wait of centuries. */
  | 'overloaded'

/** A transport and its peer, whose behaviour the suite chooses. */
export interface ConformanceSubject<Address> {
  /** Creates a transport that leads to the peer. */
  create(): Transport<Address> | Promise<Transport<Address>>
  /** Sets the behaviour of the peer from now on. */
  peer(behaviour: PeerBehaviour | OddPeerBehaviour): void | Promise<void>
  /** Returns how many messages the peer has accepted so far. */
  arrived(): number | Promise<number>
  /** The value of `message.to`; required for a transport with `addresses`. */
  readonly to?: readonly Address[]
  /** One more address, whose peer refuses every message while the peer of the others accepts. */
  readonly refusing?: Address
  /** One more address, whose peer is unavailable while the peer of the others accepts. */
  readonly failing?: Address
  /** The behaviours that the peer supports. Default: every `PeerBehaviour`. Only their checks run. */
  readonly behaviours?: readonly (PeerBehaviour | OddPeerBehaviour)[]
}

/** One named check, for any test runner. */
export interface ConformanceCheck {
  readonly name: string
  /** Rejects with an error that describes the fault. */
  readonly run: () => Promise<void>
}
