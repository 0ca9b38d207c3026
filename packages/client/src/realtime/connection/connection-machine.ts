import { backoffMs } from '../../backoff.ts'
import { closeAction } from './close-codes.ts'

/** Why a connection ended. */
export interface CloseReason {
  /** WebSocket close code; 1006 where there was none. */
  readonly code: number
  /** What the server said, such as `session revoked`. */
  readonly reason: string
}

/** What the application sees of the connection. */
export type ConnectionState =
  /** Nobody asked for a connection. */
  | { readonly status: 'idle' }
  /** The first try, or another one, is under way. */
  | { readonly status: 'connecting'; readonly attempt: number }
  /** Authenticated; notifications arrive. */
  | { readonly status: 'open'; readonly attempt: number }
  /** Waiting for the next try, which comes at `retryAt` (milliseconds since 1970) or when the network is back. */
  | {
      readonly status: 'reconnecting'
      readonly attempt: number
      readonly retryAt: number
      readonly reason: CloseReason
    }
  /** Nothing will happen by itself until somebody signs in or `connect()` is called. */
  | { readonly status: 'closed'; readonly reason: CloseReason }

/** The whole state: what the application sees, and what decides what comes next. */
export interface Machine {
  readonly public: ConnectionState
  /** When `tick` is due, as the other times here in milliseconds of a clock that nobody sets. */
  readonly deadline: number | null
  /** Tries since the connection was last stable. */
  readonly attempt: number
  /** Why the last connection ended. */
  readonly reason: CloseReason
  /** The token in use is the answer to a refused one; if it is refused too, that is final. */
  readonly renewed: boolean
  /** The next try needs another token than the last one. */
  readonly renewNext: boolean
  readonly openedAt: number
  /** How long the server may be silent. */
  readonly silenceMs: number
  /** A ping is out, and anything the server says before the deadline answers it. */
  readonly probing: boolean
  /** The next try comes no sooner: a node asked for it. */
  readonly notBefore: number
}

export type MachineEvent =
  | { readonly type: 'connect' }
  | { readonly type: 'disconnect' }
  /** The answer to `authorize`; null when nobody is signed in. */
  | { readonly type: 'token'; readonly token: string | null }
  /** `authorize` failed in a way that may pass. */
  | { readonly type: 'unauthorized'; readonly message: string }
  /** The server's `connection` message. */
  | { readonly type: 'connection'; readonly heartbeatMs: number }
  /** The node says when it will close the connection, and that another one may be asked from then on. */
  | { readonly type: 'leaving'; readonly afterMs: number }
  | ({ readonly type: 'close' } & CloseReason)
  /** The deadline has come; `heardAt` is when the server last said anything. */
  | { readonly type: 'tick'; readonly heardAt: number }
  /** The page became visible or the network came back: a good moment to try. */
  | { readonly type: 'wake' }
  /** Somebody asks for a try now. */
  | { readonly type: 'retry' }
  /** The network went away, or so it seems: a good moment to look. */
  | { readonly type: 'doubt' }
  /** Somebody signed in, or in as somebody else. */
  | { readonly type: 'signed_in' }
  | { readonly type: 'signed_out' }

export type Effect =
  /** Ask for an access token: any, or another one than the last. */
  | { readonly type: 'authorize'; readonly renew: boolean }
  | { readonly type: 'open'; readonly token: string }
  /** Close the socket and hear no more of it; tokens still on their way are of no interest either. */
  | { readonly type: 'drop' }
  | { readonly type: 'probe' }
  | { readonly type: 'forget' }

export interface Step {
  readonly machine: Machine
  readonly effects: readonly Effect[]
}

/** Time for token, socket and `connection` message together. */
export const connectTimeoutMs = 20_000
/** Time for anything to arrive after a ping. */
export const probeTimeoutMs = 5_000
/** An open connection counts as stable from this age on; before, tries keep adding up. */
export const stableAfterMs = 5_000

const notSignedIn: CloseReason = { code: 4500, reason: 'not signed in' }
const none: CloseReason = { code: 1000, reason: '' }

export const idleMachine: Machine = {
  public: { status: 'idle' },
  deadline: null,
  attempt: 0,
  reason: none,
  renewed: false,
  renewNext: false,
  openedAt: 0,
  silenceMs: 0,
  probing: false,
  notBefore: 0,
}

/**
 * One step: pure, with the time and a random number from 0 to 1 passed in.
 *
 * @param now milliseconds of a clock that nobody sets, such as `performance.now()`
 * @param wallNow milliseconds since 1970, for what the application sees
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
      return status === 'idle' || status === 'closed' ? stay(machine) : stop(machine, whyWithoutToken(machine))
    case 'token':
      if (status !== 'connecting') return stay(machine)
      if (event.token === null) return stop(machine, whyWithoutToken(machine))
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
      return tick(machine, event.heardAt, now, random)
    case 'wake':
      if (status !== 'reconnecting') return probe(machine, now)
      return now < machine.notBefore ? stay(machine) : authorize(machine, now)
    case 'retry':
      return status === 'reconnecting' ? authorize(machine, now) : stay(machine)
    case 'doubt':
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
  // Two heartbeats may be late together: background tabs are throttled, networks stall.
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

/** A connection that had become stable starts counting anew. */
function settle(machine: Machine, now: number): Machine {
  const isStable = machine.public.status === 'open' && now - machine.openedAt >= stableAfterMs
  return isStable ? { ...machine, attempt: 0, renewed: false } : machine
}

function closed(machine: Machine, { code, reason }: CloseReason, now: number, random: number): Step {
  const why = { code, reason }
  switch (closeAction(code)) {
    case 'stop':
      return stop(machine, why)
    case 'forget':
      return withEffect({ type: 'forget' }, retry(machine, why, now, random))
    case 'renew': {
      const isFinal = code !== 4001 && machine.renewed
      if (isFinal) return stop(machine, why)
      const renewing = { ...machine, reason: why, renewNext: true }
      if (machine.attempt > 0) return retry(renewing, why, now, random)
      return authorize({ ...renewing, attempt: 1 }, now)
    }
    case 'reconnect':
      return code === 1013 ? spare(machine, why, now, random) : retry(machine, why, now, random)
  }
}

/** The node has too much to do: the first tries, and those of all pages that wake up, would only add to it. */
function spare(machine: Machine, reason: CloseReason, now: number, random: number): Step {
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

/** Where the last token was refused, that is the reason for having none now. */
function whyWithoutToken({ renewed, reason }: Machine): CloseReason {
  return renewed ? reason : notSignedIn
}

function tick(machine: Machine, heardAt: number, now: number, random: number): Step {
  const { public: visible, deadline, silenceMs, probing } = machine
  if (deadline === null || now < deadline) return stay(machine)
  switch (visible.status) {
    case 'reconnecting':
      return authorize(machine, now)
    case 'connecting':
      return retry(machine, { code: 1006, reason: 'no answer in time' }, now, random)
    case 'open': {
      const answered = heardAt + (probing ? probeTimeoutMs : silenceMs) > now
      if (answered) return stay({ ...machine, probing: false, deadline: heardAt + silenceMs })
      // After a sleep of the machine the silence means nothing yet: ask first.
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

function withEffect(effect: Effect, { machine, effects }: Step): Step {
  return { machine, effects: [...effects, effect] }
}
