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

/** Drives the machine with a clock that stands still unless told, and with the worst luck a jitter can have. */
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

  /** Lets the deadline come. */
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

describe('the way to an open connection', () => {
  test('begins with a token, goes on with a socket, ends with the connection message', () => {
    const driver = new Driver().send({ type: 'connect' })
    expect(driver.state).toEqual({ status: 'connecting', attempt: 0 })
    expect(driver.effects).toEqual([{ type: 'authorize', renew: false }])
    driver.send({ type: 'token', token: 'one' })
    expect(driver.effects).toEqual([{ type: 'open', token: 'one' }])
    driver.send({ type: 'connection', heartbeatMs })
    expect(driver.state).toEqual({ status: 'open', attempt: 0 })
  })

  test('waits for a sign-in where nobody is signed in, and goes on after it', () => {
    const driver = new Driver().send({ type: 'connect' }).send({ type: 'token', token: null })
    expect(driver.state).toEqual({ status: 'closed', reason: { code: 4500, reason: 'not signed in' } })
    expect(driver.machine.deadline).toBeNull()
    driver.send({ type: 'signed_in' })
    expect(driver.state.status).toBe('connecting')
    expect(driver.effectTypes).toEqual(['drop', 'authorize'])
  })

  test('a second connect changes nothing', () => {
    const driver = open()
    const before = driver.machine
    expect(driver.send({ type: 'connect' }).machine).toBe(before)
  })

  test('a server that takes the socket and says nothing is left', () => {
    const driver = connecting()
    const began = driver.now
    driver.tick()
    expect(driver.now - began).toBe(connectTimeoutMs)
    expect(driver.state).toMatchObject({ status: 'reconnecting', reason: { code: 1006, reason: 'no answer in time' } })
    expect(driver.effectTypes).toEqual(['drop'])
  })

  test('a refresh that got no answer is tried again', () => {
    const driver = new Driver().send({ type: 'connect' }).send({ type: 'unauthorized', message: 'no network' })
    expect(driver.state).toMatchObject({ status: 'reconnecting', reason: { reason: 'no network' } })
  })
})

describe('reconnecting', () => {
  test('waits longer every time, up to half a minute', () => {
    const driver = connecting()
    const waits: number[] = []
    for (let attempt = 0; attempt < 8; attempt += 1) {
      driver.close(1006)
      waits.push((driver.machine.deadline ?? 0) - driver.now)
      driver.tick().send({ type: 'token', token: 'one' })
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('spreads over the whole wait', () => {
    const driver = connecting()
    driver.random = 0.25
    driver.close(1006)
    expect((driver.machine.deadline ?? 0) - driver.now).toBe(250)
  })

  test('goes on counting while connections do not last', () => {
    const driver = open()
      .wait(stableAfterMs - 1)
      .close(4008)
    expect(driver.state).toMatchObject({ status: 'reconnecting', attempt: 1 })
    driver.tick().send({ type: 'token', token: 'one' }).send({ type: 'connection', heartbeatMs })
    driver.wait(stableAfterMs - 1).close(4008)
    expect(driver.state).toMatchObject({ attempt: 2 })
  })

  test('counts anew after a connection that lasted', () => {
    const driver = connecting().close(1006).tick().send({ type: 'token', token: 'one' })
    driver.send({ type: 'connection', heartbeatMs }).wait(stableAfterMs).close(1006)
    expect(driver.state).toMatchObject({ attempt: 1 })
  })

  test('spares a node that says it is overloaded', () => {
    const driver = open().close(1013)
    expect((driver.machine.deadline ?? 0) - driver.now).toBe(4_000)
  })

  test('waits for as long as a node that leaves asked for', () => {
    const driver = stable().send({ type: 'leaving', afterMs: 4_211 })
    driver.random = 0
    driver.wait(1_000).close(1012)
    expect((driver.machine.deadline ?? 0) - driver.now).toBe(3_211)
    driver.tick().send({ type: 'token', token: 'one' }).close(1006)
    expect(driver.machine.deadline).toBe(driver.now)
  })

  test.each([
    ['that leaves', () => stable().send({ type: 'leaving', afterMs: 4_000 }).close(1012)],
    ['that is overloaded', () => open().close(1013)],
  ])('a page that wakes up does not come sooner than a node %s asked for', (_, begin) => {
    const driver = begin()
    expect(driver.wait(10).send({ type: 'wake' }).state.status).toBe('reconnecting')
    expect(driver.effects).toEqual([])
    expect(driver.tick().state.status).toBe('connecting')
    expect(begin().wait(10).send({ type: 'retry' }).state.status).toBe('connecting')
  })

  test('tells the time of the next try by the clock on the wall, and keeps it by another', () => {
    const { machine } = connecting()
    const after = step(machine, { type: 'close', code: 1006, reason: '' }, 5_000, 1, 1_700_000_000_000).machine
    expect(after.public).toMatchObject({ status: 'reconnecting', retryAt: 1_700_000_001_000 })
    expect(after.deadline).toBe(6_000)
    const tick = step(after, { type: 'tick', lastMessageAt: 0 }, 6_000, 1, 1_600_000_000_000)
    expect(tick.machine.public.status).toBe('connecting')
  })

  test('does not wait when the page wakes up', () => {
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

  test('4001 renews the token and is back at once', () => {
    const driver = stable().close(4001)
    expect(driver.state.status).toBe('connecting')
    expect(driver.effects).toEqual([{ type: 'authorize', renew: true }])
  })

  test('4001 again at once waits, so that a wrong clock is no storm', () => {
    const driver = stable().close(4001).send({ type: 'token', token: 'two' }).close(4001)
    expect(driver.state.status).toBe('reconnecting')
    expect(driver.tick().effects).toEqual([{ type: 'authorize', renew: true }])
  })

  test('4003 forgets the position before it reconnects', () => {
    const driver = stable().close(4003)
    expect(driver.state.status).toBe('reconnecting')
    expect(driver.effectTypes).toContain('forget')
  })

  test.each([4500, 4503, 1008])('%i tries another token, once', (code) => {
    const driver = stable().close(code, 'refused')
    expect(driver.effects).toEqual([{ type: 'authorize', renew: true }])
    driver.send({ type: 'token', token: 'two' }).close(code, 'refused')
    expect(driver.state).toEqual({ status: 'closed', reason: { code, reason: 'refused' } })
  })

  test.each([4500, 4503, 4001])('%i is the reason when there is no other token', (code) => {
    const driver = stable().close(code, 'refused').send({ type: 'token', token: null })
    expect(driver.state).toEqual({ status: 'closed', reason: { code, reason: 'refused' } })
  })

  test('a new sign-in gets its own chances', () => {
    const driver = stable().close(4503).send({ type: 'token', token: null }).send({ type: 'signed_in' })
    driver.send({ type: 'token', token: 'new' }).send({ type: 'connection', heartbeatMs })
    expect(driver.close(4503).effects).toEqual([{ type: 'authorize', renew: true }])
  })
})

describe('the watchdog', () => {
  test('asks after two silent heartbeats, and leaves when nothing comes', () => {
    const driver = open()
    const openedAt = driver.now
    driver.tick(openedAt)
    expect(driver.now - openedAt).toBe(2 * heartbeatMs + probeTimeoutMs)
    expect(driver.effectTypes).toEqual(['probe'])
    driver.tick(openedAt)
    expect(driver.now - openedAt).toBe(2 * heartbeatMs + 2 * probeTimeoutMs)
    expect(driver.state).toMatchObject({ status: 'reconnecting', attempt: 1, reason: { reason: 'silence' } })
  })

  test('is content with anything that arrives', () => {
    const driver = open()
    const lastMessageAt = driver.now + heartbeatMs
    driver.tick(lastMessageAt)
    expect(driver.state.status).toBe('open')
    expect(driver.effects).toEqual([])
    expect(driver.machine.deadline).toBe(lastMessageAt + 2 * heartbeatMs + probeTimeoutMs)
  })

  test('an answer to the question keeps the connection', () => {
    const driver = open().send({ type: 'check' })
    expect(driver.effectTypes).toEqual(['probe'])
    const answeredAt = driver.now + 10
    driver.tick(answeredAt)
    expect(driver.state.status).toBe('open')
    expect(driver.machine.probing).toBe(false)
  })

  test('asks once at a time', () => {
    expect(open().send({ type: 'check' }).send({ type: 'wake' }).effects).toEqual([])
  })

  test('a timer that comes early decides nothing', () => {
    const driver = open()
    const before = driver.machine
    expect(driver.wait(10).send({ type: 'tick', lastMessageAt: 0 }).machine).toBe(before)
  })
})

describe('leaving', () => {
  test.each([
    ['connecting', connecting],
    ['open', open],
    ['reconnecting', () => open().close(1006)],
    ['closed', () => open().close(4504)],
  ])('disconnect ends it while %s, and nothing comes after', (_, begin) => {
    const driver = begin().send({ type: 'disconnect' })
    expect(driver.state).toEqual({ status: 'idle' })
    expect(driver.machine.deadline).toBeNull()
    expect(driver.effectTypes).toEqual(['drop'])
    for (const event of ['wake', 'check', 'signed_in', 'signed_out'] as const) driver.send({ type: event })
    driver.send({ type: 'token', token: 'late' }).send({ type: 'connection', heartbeatMs }).close(1006)
    expect(driver.state).toEqual({ status: 'idle' })
  })

  test('signing out closes, and the next sign-in opens again', () => {
    const driver = open().send({ type: 'signed_out' })
    expect(driver.state).toEqual({ status: 'closed', reason: { code: 4500, reason: 'not signed in' } })
    expect(driver.effectTypes).toEqual(['drop'])
    expect(driver.send({ type: 'signed_in' }).state.status).toBe('connecting')
  })
})
