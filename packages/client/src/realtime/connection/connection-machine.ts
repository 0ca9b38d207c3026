import { backoffMs } from '../../backoff.ts'
import { closeAction } from './close-codes.ts'

/** Why a connection ended. */
export interface CloseReason {
  /** WebSocket close code; 1006 without one. */
  readonly code: number
  /** Text of the server, such as `session revoked`. */
  readonly reason: string
}

/** State of the connection. */
export type ConnectionState =
  /** No connection was requested. */
  | { readonly status: 'idle' }
  /** A try is in progress. */
  | { readonly status: 'connecting'; readonly attempt: number }
  /** Authenticated; notifications arrive. */
  | { readonly status: 'open'; readonly attempt: number }
  /** Waiting for the next try: at `retryAt` (milliseconds since 1970), or when the network is back. */
  | {
      readonly status: 'reconnecting'
      readonly attempt: number
      readonly retryAt: number
      readonly reason: CloseReason
    }
  /** Ended. The client does not reconnect before the next sign-in or `connect()`. */
  | { readonly status: 'closed'; readonly reason: CloseReason }

/** The complete state: the public part, and the values that decide the next steps. */
export interface Machine {
  readonly public: ConnectionState
  /** Time of the next `tick`. All times here are milliseconds of a monotonic clock. */
  readonly deadline: number | null
  /** Tries since the connection was last stable. */
  readonly attempt: number
  /** Why the last connection ended. */
  readonly reason: CloseReason
  /** The current token replaced a refused one: a second refusal is final. */
  readonly renewed: boolean
  /** The next try needs a new token. */
  readonly renewNext: boolean
  readonly openedAt: number
  /** Longest accepted silence of the server. */
  readonly silenceMs: number
  /** A ping was sent; any message before the deadline answers it. */
  readonly probing: boolean
  /** Earliest time of the next try, requested by a node. */
  readonly notBefore: number
}

export type MachineEvent =
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  /** The result of `authorize`; null without a signed-in user. */
  | { readonly type: 'token'; readonly token: string | null }
  /** `authorize` failed temporarily. */
  | { readonly type: 'unauthorized'; readonly message: string }
  /** The server's `connection` message. */
  | { readonly type: 'connection'; readonly heartbeatMs: number }
  /** The node announced its stop. The client may reconnect after `afterMs`. */
  | { readonly type: 'leaving'; readonly afterMs: number }
  | ({ readonly type: 'close' } & CloseReason)
  /** The deadline has passed. `lastMessageAt` is the time of the server's last message. */
  | { readonly type: 'tick'; readonly lastMessageAt: number }
  /** The page became visible, or the network came back: a try may succeed now. */
  | { readonly type: 'wake' }
  /** The application requests a try now. */
  | { readonly type: 'retry' }
  /** The browser reports the network as offline: the connection may be broken. */
  | { readonly type: 'check' }
  /** A user signed in, possibly another one than before. */
  | { readonly type: 'signed_in' }
  | { readonly type: 'signed_out' }

export type Effect =
  /** Get an access token; with `renew`, a new one. */
  | { readonly type: 'authorize'; readonly renew: boolean }
  | { readonly type: 'open'; readonly token: string }
  /** Close the socket, and ignore its later events and tokens that are still on their way. */
  | { readonly type: 'drop' }
  | { readonly type: 'probe' }
  | { readonly type: 'forget' }

export interface Step {
  readonly machine: Machine
  readonly effects: readonly Effect[]
}

/** Time limit for token, socket and `connection` message together. */
export const connectTimeoutMs = 20_000
/** Time limit for a message after a ping. */
export const probeTimeoutMs = 5_000
/** Age at which an open connection counts as stable, which resets the number of tries. */
export const stableAfterMs = 5_000

const notSignedIn: CloseReason = { code: 4500, reason: 'not signed in' }
const noReason: CloseReason = { code: 1000, reason: '' }

export const idleMachine: Machine = {
  public: { status: 'idle' },
  deadline: null,
  attempt: 0,
  reason: noReason,
  renewed: false,
  renewNext: false,
  openedAt: 0,
  silenceMs: 0,
  probing: false,
  notBefore: 0,
}

/**
 * Returns the next state and its effects. A pure function: time and random number are arguments.
 *
 * @param now milliseconds of a monotonic clock, such as `performance.now()`
 * @param random a number from 0 to 1
 * @param wallNow milliseconds since 1970, for `retryAt`
 */
export function step(machine: Machine, event: MachineEvent, now: number, random: number, wallNow = now): Step {
  const { machine: next, effects } = advance(machine, event, now, random)
  const visible = next.public
  if (visible === machine.public || visible.status !== 'reconnecting') return { machine: next, effects }
  const retryAt = Math.round(visible.retryAt - now + wallNow)
  return { machine: { ...next, public: { ...visible, retryAt } }, effects }
}

function advance(machine: Machine, event: MachineEvent, now: number, random: number): Step {
  const { status } = machine.public
  switch (event.type) {
    case 'connect':
      return status === 'idle' || status === 'closed' ? authorize(idleMachine, now) : stay(machine)
    case 'disconnect':
      return { machine: idleMachine, effects: [{ type: 'drop' }] }
    case 'signed_in':
      return status === 'idle' ? stay(machine) : authorize(idleMachine, now, [{ type: 'drop' }])
    case 'signed_out':
      return status === 'idle' || status === 'closed' ? stay(machine) : stop(machine, reasonWithoutToken(machine))
    case 'token':
      if (status !== 'connecting') return stay(machine)
      if (event.token === null) return stop(machine, reasonWithoutToken(machine))
      return { machine, effects: [{ type: 'open', token: event.token }] }
    case 'unauthorized':
      return status === 'connecting'
        ? retry(machine, { code: 1006, reason: event.message }, now, random)
        : stay(machine)
    case 'connection':
      return status === 'connecting' ? open(machine, event.heartbeatMs, now) : stay(machine)
    case 'leaving':
      return stay({ ...machine, notBefore: now + event.afterMs })
    case 'close':
      return status === 'connecting' || status === 'open'
        ? closed(settle(machine, now), event, now, random)
        : stay(machine)
    case 'tick':
      return tick(machine, event.lastMessageAt, now, random)
    case 'wake':
      if (status !== 'reconnecting') return probe(machine, now)
      return now < machine.notBefore ? stay(machine) : authorize(machine, now)
    case 'retry':
      return status === 'reconnecting' ? authorize(machine, now) : stay(machine)
    case 'check':
      return probe(machine, now)
  }
}

function authorize(machine: Machine, now: number, before: readonly Effect[] = []): Step {
  const { attempt, renewNext } = machine
  return {
    machine: {
      ...machine,
      public: { status: 'connecting', attempt },
      deadline: now + connectTimeoutMs,
      renewed: machine.renewed || renewNext,
      renewNext: false,
      probing: false,
    },
    effects: [...before, { type: 'authorize', renew: renewNext }],
  }
}

function open(machine: Machine, heartbeatMs: number, now: number): Step {
  // Two heartbeats may be missing: background tabs are throttled, and networks stall.
  const silenceMs = 2 * heartbeatMs + probeTimeoutMs
  return {
    machine: {
      ...machine,
      public: { status: 'open', attempt: machine.attempt },
      deadline: now + silenceMs,
      openedAt: now,
      silenceMs,
    },
    effects: [],
  }
}

/** Resets the number of tries after a stable connection. */
function settle(machine: Machine, now: number): Machine {
  const isStable = machine.public.status === 'open' && now - machine.openedAt >= stableAfterMs
  return isStable ? { ...machine, attempt: 0, renewed: false } : machine
}

function closed(machine: Machine, { code, reason }: CloseReason, now: number, random: number): Step {
  const closeReason = { code, reason }
  switch (closeAction(code)) {
    case 'stop':
      return stop(machine, closeReason)
    case 'forget': {
      const retrying = retry(machine, closeReason, now, random)
      return { ...retrying, effects: [...retrying.effects, { type: 'forget' }] }
    }
    case 'renew': {
      const isFinal = code !== 4001 && machine.renewed
      if (isFinal) return stop(machine, closeReason)
      const renewing = { ...machine, reason: closeReason, renewNext: true }
      if (machine.attempt > 0) return retry(renewing, closeReason, now, random)
      return authorize({ ...renewing, attempt: 1 }, now)
    }
    case 'reconnect':
      return code === 1013
        ? retryOverloaded(machine, closeReason, now, random)
        : retry(machine, closeReason, now, random)
  }
}

/** Waits longer than usual for an overloaded node, also on pages that wake up. */
function retryOverloaded(machine: Machine, reason: CloseReason, now: number, random: number): Step {
  const { machine: next, effects } = retry({ ...machine, attempt: Math.max(machine.attempt, 2) }, reason, now, random)
  return { machine: { ...next, notBefore: next.deadline ?? now }, effects }
}

function retry(machine: Machine, reason: CloseReason, now: number, random: number): Step {
  const retryAt = Math.max(now + backoffMs(machine.attempt, random), machine.notBefore)
  const attempt = machine.attempt + 1
  return {
    machine: {
      ...machine,
      public: { status: 'reconnecting', attempt, retryAt, reason },
      deadline: retryAt,
      attempt,
      reason,
      probing: false,
    },
    effects: [{ type: 'drop' }],
  }
}

function stop(machine: Machine, reason: CloseReason): Step {
  return {
    machine: { ...idleMachine, public: { status: 'closed', reason }, reason },
    effects: [{ type: 'drop' }],
  }
}

/** Returns the reason of a missing token: the refusal of the last one, if it was refused. */
function reasonWithoutToken({ renewed, reason }: Machine): CloseReason {
  return renewed ? reason : notSignedIn
}

function tick(machine: Machine, lastMessageAt: number, now: number, random: number): Step {
  const { public: visible, deadline, silenceMs, probing } = machine
  if (deadline === null || now < deadline) return stay(machine)
  switch (visible.status) {
    case 'reconnecting':
      return authorize(machine, now)
    case 'connecting':
      return retry(machine, { code: 1006, reason: 'no answer in time' }, now, random)
    case 'open': {
      const isAlive = lastMessageAt + (probing ? probeTimeoutMs : silenceMs) > now
      if (isAlive) return stay({ ...machine, probing: false, deadline: lastMessageAt + silenceMs })
      // Silence after the computer's sleep proves nothing: send a ping first.
      if (!probing) return probe(machine, now)
      return retry(settle(machine, now), { code: 1006, reason: 'silence' }, now, random)
    }
    default:
      return stay(machine)
  }
}

function probe(machine: Machine, now: number): Step {
  if (machine.public.status !== 'open' || machine.probing) return stay(machine)
  return { machine: { ...machine, probing: true, deadline: now + probeTimeoutMs }, effects: [{ type: 'probe' }] }
}

function stay(machine: Machine): Step {
  return { machine, effects: [] }
}
