import { describe, expect, test } from 'vitest'
import {
  connectTimeoutMs,
  type Effect,
  idleMachine,
  type Machine,
  type MachineEvent,
  probeTimeoutMs,
  stableAfterMs,
  step,
} from './connection-machine.ts'

/** Drives the machine with a manual clock and the longest jitter. */
class Driver {
  machine: Machine = idleMachine
  now = 1_000_000
  effects: readonly Effect[] = []
  random = 1

  send(event: MachineEvent): this {
    const result = step(this.machine, event, this.now, this.random)
    this.machine = result.machine
    this.effects = result.effects
    return this
  }

  close(code: number, reason = ''): this {
    return this.send({ type: 'close', code, reason })
  }

  wait(ms: number): this {
    this.now += ms
    return this
  }

  /** Moves the clock to the deadline. */
  tick(lastMessageAt = 0): this {
    this.now = this.machine.deadline ?? this.now
    return this.send({ type: 'tick', lastMessageAt })
  }

  get state() {
    return this.machine.public
  }

  get effectTypes() {
    return this.effects.map(({ type }) => type)
  }
}

const heartbeatMs = 30_000

const connecting = () => new Driver().send({ type: 'connect' }).send({ type: 'token', token: 'one' })
const open = () => connecting().send({ type: 'connection', heartbeatMs })
const stable = () => open().wait(stableAfterMs)

describe('connecting', () => {
  test('gets a token, opens a socket, and waits for the connection message', () => {
    const driver = new Driver().send({ type: 'connect' })
    expect(driver.state).toEqual({ status: 'connecting', attempt: 0 })
    expect(driver.effects).toEqual([{ type: 'authorize', renew: false }])
    driver.send({ type: 'token', token: 'one' })
    expect(driver.effects).toEqual([{ type: 'open', token: 'one' }])
    driver.send({ type: 'connection', heartbeatMs })
    expect(driver.state).toEqual({ status: 'open', attempt: 0 })
  })

  test('waits for a sign-in if no user is signed in', () => {
    const driver = new Driver().send({ type: 'connect' }).send({ type: 'token', token: null })
    expect(driver.state).toEqual({ status: 'closed', reason: { code: 4500, reason: 'not signed in' } })
    expect(driver.machine.deadline).toBeNull()
    driver.send({ type: 'signed_in' })
    expect(driver.state.status).toBe('connecting')
    expect(driver.effectTypes).toEqual(['drop', 'authorize'])
  })

  test('ignores a second connect', () => {
    const driver = open()
    const before = driver.machine
    expect(driver.send({ type: 'connect' }).machine).toBe(before)
  })

  test('gives up a socket without a message in time', () => {
    const driver = connecting()
    const startedAt = driver.now
    driver.tick()
    expect(driver.now - startedAt).toBe(connectTimeoutMs)
    expect(driver.state).toMatchObject({ status: 'reconnecting', reason: { code: 1006, reason: 'no answer in time' } })
    expect(driver.effectTypes).toEqual(['drop'])
  })

  test('retries after a refresh without an answer', () => {
    const driver = new Driver().send({ type: 'connect' }).send({ type: 'unauthorized', message: 'no network' })
    expect(driver.state).toMatchObject({ status: 'reconnecting', reason: { reason: 'no network' } })
  })
})

describe('reconnecting', () => {
  test('doubles the wait, up to half a minute', () => {
    const driver = connecting()
    const waits: number[] = []
    for (let attempt = 0; attempt < 8; attempt += 1) {
      driver.close(1006)
      waits.push((driver.machine.deadline ?? 0) - driver.now)
      driver.tick().send({ type: 'token', token: 'one' })
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('spreads tries over the whole wait', () => {
    const driver = connecting()
    driver.random = 0.25
    driver.close(1006)
    expect((driver.machine.deadline ?? 0) - driver.now).toBe(250)
  })

  test('counts tries while connections are unstable', () => {
    const driver = open()
      .wait(stableAfterMs - 1)
      .close(4008)
    expect(driver.state).toMatchObject({ status: 'reconnecting', attempt: 1 })
    driver.tick().send({ type: 'token', token: 'one' }).send({ type: 'connection', heartbeatMs })
    driver.wait(stableAfterMs - 1).close(4008)
    expect(driver.state).toMatchObject({ attempt: 2 })
  })

  test('resets the number of tries after a stable connection', () => {
    const driver = connecting().close(1006).tick().send({ type: 'token', token: 'one' })
    driver.send({ type: 'connection', heartbeatMs }).wait(stableAfterMs).close(1006)
    expect(driver.state).toMatchObject({ attempt: 1 })
  })

  test('waits longer for an overloaded node', () => {
    const driver = open().close(1013)
    expect((driver.machine.deadline ?? 0) - driver.now).toBe(4_000)
  })

  test('waits for the time that a stopping node requested', () => {
    const driver = stable().send({ type: 'leaving', afterMs: 4_211 })
    driver.random = 0
    driver.wait(1_000).close(1012)
    expect((driver.machine.deadline ?? 0) - driver.now).toBe(3_211)
    driver.tick().send({ type: 'token', token: 'one' }).close(1006)
    expect(driver.machine.deadline).toBe(driver.now)
  })

  test.each([
    ['that stops', () => stable().send({ type: 'leaving', afterMs: 4_000 }).close(1012)],
    ['that is overloaded', () => open().close(1013)],
  ])('a page that wakes up does not reconnect before the time that a node %s requested', (_, start) => {
    const driver = start()
    expect(driver.wait(10).send({ type: 'wake' }).state.status).toBe('reconnecting')
    expect(driver.effects).toEqual([])
    expect(driver.tick().state.status).toBe('connecting')
    expect(start().wait(10).send({ type: 'retry' }).state.status).toBe('connecting')
  })

  test('reports the next try in wall-clock time, and waits by the monotonic clock', () => {
    const { machine } = connecting()
    const after = step(machine, { type: 'close', code: 1006, reason: '' }, 5_000, 1, 1_700_000_000_000).machine
    expect(after.public).toMatchObject({ status: 'reconnecting', retryAt: 1_700_000_001_000 })
    expect(after.deadline).toBe(6_000)
    const tick = step(after, { type: 'tick', lastMessageAt: 0 }, 6_000, 1, 1_600_000_000_000)
    expect(tick.machine.public.status).toBe('connecting')
  })

  test('reconnects immediately when the page wakes up', () => {
    const driver = open().close(1006).wait(10).send({ type: 'wake' })
    expect(driver.state).toEqual({ status: 'connecting', attempt: 1 })
    expect(driver.effectTypes).toEqual(['authorize'])
  })
})

describe('close codes', () => {
  test.each([1000, 1001, 1006, 1011, 1012, 4000, 4008, 4012, 4013, 4014, 4499])('%i reconnects', (code) => {
    expect(stable().close(code).state.status).toBe('reconnecting')
  })

  test.each([4501, 4502, 4504, 4506, 4507, 4999])('%i stops', (code) => {
    const driver = stable().close(code, 'why')
    expect(driver.state).toEqual({ status: 'closed', reason: { code, reason: 'why' } })
    expect(driver.machine.deadline).toBeNull()
  })

  test('4001 renews the token and reconnects immediately', () => {
    const driver = stable().close(4001)
    expect(driver.state.status).toBe('connecting')
    expect(driver.effects).toEqual([{ type: 'authorize', renew: true }])
  })

  test('a repeated 4001 waits, so that a wrong clock does not cause a storm', () => {
    const driver = stable().close(4001).send({ type: 'token', token: 'two' }).close(4001)
    expect(driver.state.status).toBe('reconnecting')
    expect(driver.tick().effects).toEqual([{ type: 'authorize', renew: true }])
  })

  test('4003 forgets the position and reconnects', () => {
    const driver = stable().close(4003)
    expect(driver.state.status).toBe('reconnecting')
    expect(driver.effectTypes).toContain('forget')
  })

  test.each([4500, 4503, 1008])('%i tries one new token', (code) => {
    const driver = stable().close(code, 'refused')
    expect(driver.effects).toEqual([{ type: 'authorize', renew: true }])
    driver.send({ type: 'token', token: 'two' }).close(code, 'refused')
    expect(driver.state).toEqual({ status: 'closed', reason: { code, reason: 'refused' } })
  })

  test.each([4500, 4503, 4001])('%i is the close reason if there is no new token', (code) => {
    const driver = stable().close(code, 'refused').send({ type: 'token', token: null })
    expect(driver.state).toEqual({ status: 'closed', reason: { code, reason: 'refused' } })
  })

  test('a new sign-in can renew its token again', () => {
    const driver = stable().close(4503).send({ type: 'token', token: null }).send({ type: 'signed_in' })
    driver.send({ type: 'token', token: 'new' }).send({ type: 'connection', heartbeatMs })
    expect(driver.close(4503).effects).toEqual([{ type: 'authorize', renew: true }])
  })
})

describe('the watchdog', () => {
  test('sends a ping after two missing heartbeats, and reconnects without an answer', () => {
    const driver = open()
    const openedAt = driver.now
    driver.tick(openedAt)
    expect(driver.now - openedAt).toBe(2 * heartbeatMs + probeTimeoutMs)
    expect(driver.effectTypes).toEqual(['probe'])
    driver.tick(openedAt)
    expect(driver.now - openedAt).toBe(2 * heartbeatMs + 2 * probeTimeoutMs)
    expect(driver.state).toMatchObject({ status: 'reconnecting', attempt: 1, reason: { reason: 'silence' } })
  })

  test('accepts any message as a sign of life', () => {
    const driver = open()
    const lastMessageAt = driver.now + heartbeatMs
    driver.tick(lastMessageAt)
    expect(driver.state.status).toBe('open')
    expect(driver.effects).toEqual([])
    expect(driver.machine.deadline).toBe(lastMessageAt + 2 * heartbeatMs + probeTimeoutMs)
  })

  test('an answer to the ping keeps the connection', () => {
    const driver = open().send({ type: 'check' })
    expect(driver.effectTypes).toEqual(['probe'])
    const answeredAt = driver.now + 10
    driver.tick(answeredAt)
    expect(driver.state.status).toBe('open')
    expect(driver.machine.probing).toBe(false)
  })

  test('sends one ping at a time', () => {
    expect(open().send({ type: 'check' }).send({ type: 'wake' }).effects).toEqual([])
  })

  test('ignores a timer that fires early', () => {
    const driver = open()
    const before = driver.machine
    expect(driver.wait(10).send({ type: 'tick', lastMessageAt: 0 }).machine).toBe(before)
  })
})

describe('disconnecting', () => {
  test.each([
    ['connecting', connecting],
    ['open', open],
    ['reconnecting', () => open().close(1006)],
    ['closed', () => open().close(4504)],
  ])('disconnect ends the connection while %s, and later events are ignored', (_, start) => {
    const driver = start().send({ type: 'disconnect' })
    expect(driver.state).toEqual({ status: 'idle' })
    expect(driver.machine.deadline).toBeNull()
    expect(driver.effectTypes).toEqual(['drop'])
    for (const event of ['wake', 'check', 'signed_in', 'signed_out'] as const) driver.send({ type: event })
    driver.send({ type: 'token', token: 'late' }).send({ type: 'connection', heartbeatMs }).close(1006)
    expect(driver.state).toEqual({ status: 'idle' })
  })

  test('a sign-out closes the connection, and the next sign-in opens it again', () => {
    const driver = open().send({ type: 'signed_out' })
    expect(driver.state).toEqual({ status: 'closed', reason: { code: 4500, reason: 'not signed in' } })
    expect(driver.effectTypes).toEqual(['drop'])
    expect(driver.send({ type: 'signed_in' }).state.status).toBe('connecting')
  })
})
