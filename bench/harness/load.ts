import type { Socket } from 'node:net'
import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import type { Contestant } from './contestant.ts'
import type { Answer, Load } from './protocol.ts'

/** Bytes of one count on the control connection. */
const countBytes = 4

/** A load without any progress for this time has lost something, and fails. */
const stallMs = 30_000

/** How many frames have arrived at the clients, as they tell it. */
export class Arrivals {
  #frames = 0
  #onChange: () => void = () => undefined

  get frames(): number {
    return this.#frames
  }

  /** Each message is the number of all frames so far. */
  readFrom(socket: Socket): void {
    let rest = Buffer.alloc(0)
    let seen = 0
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      const all = rest.length === 0 ? bytes : Buffer.concat([rest, bytes])
      const complete = all.length - (all.length % countBytes)
      if (complete >= countBytes) {
        const total = all.readUInt32LE(complete - countBytes)
        this.#frames += total - seen
        seen = total
      }
      rest = Buffer.from(all.subarray(complete))
      this.#onChange()
    })
  }

  onChange(listener: () => void): void {
    this.#onChange = listener
  }
}

/** Calls a contestant for a time, and waits until everything is stored and has arrived. */
export async function runLoad(
  contestant: Contestant,
  arrivals: Arrivals,
  load: Load,
): Promise<Omit<Extract<Answer, { op: 'load' }>, 'op'>> {
  const { window, burst, perTurn, framesPerCall, seconds } = load
  const call = callOf(contestant, load)
  const from = arrivals.frames
  let sent = 0
  let stored = 0
  const failures: unknown[] = []
  let wake: () => void = () => undefined
  const onStored = () => {
    stored += 1
    wake()
  }
  const onFailed = (error: unknown) => {
    failures.push(error)
    wake()
  }
  arrivals.onChange(() => wake())
  const change = () => new Promise<void>((resolve) => (wake = resolve))
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const done = () =>
    framesPerCall === 0 ? stored : Math.min(stored, Math.floor((arrivals.frames - from) / framesPerCall))

  const watch = watchProgress(
    () => stored + arrivals.frames,
    () =>
      onFailed(new Error(`Nothing moves: ${sent} calls, ${stored} stored, ${arrivals.frames - from} frames arrived.`)),
  )
  const cpu = process.cpuUsage()
  const loop = eventLoop()
  const started = performance.now()
  const until = started + seconds * 1_000
  while (performance.now() < until && failures.length === 0) {
    const room = Math.min(window - (sent - done()), perTurn)
    if (room < burst) {
      await change()
      continue
    }
    for (let calls = room - (room % burst); calls > 0; calls -= 1) {
      sent += 1
      const storing = call()
      if (storing) storing.then(onStored, onFailed)
      else stored += 1
    }
    await turn()
  }
  while (done() < sent && failures.length === 0) await change()
  const elapsed = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  const mainThread = eventLoop(loop).utilization
  clearInterval(watch)
  if (failures.length > 0) throw failures[0]
  contestant.check?.()
  return { calls: sent, seconds: elapsed, userCpuSeconds: user / 1e6, systemCpuSeconds: system / 1e6, mainThread }
}

/** Calls `onStall` when a number has stayed the same for too long. */
function watchProgress(progress: () => number, onStall: () => void): NodeJS.Timeout {
  let last = progress()
  let since = performance.now()
  return setInterval(() => {
    const now = progress()
    if (now !== last) since = performance.now()
    else if (performance.now() - since > stallMs) onStall()
    last = now
  }, 1_000)
}

function callOf(contestant: Contestant, load: Load): () => Promise<unknown> | undefined {
  const { call, users, rowsPerCall = 1 } = load
  switch (call) {
    case 'notify':
      return () => contestant.notify(Math.floor(Math.random() * users))
    case 'broadcast':
      return () => contestant.broadcast?.()
    case 'write':
      return () => contestant.write?.(rowsPerCall)
  }
}

/** Bun has no such figure. */
function eventLoop(since?: EventLoopUtilization): EventLoopUtilization {
  const unknown = { idle: 0, active: 0, utilization: Number.NaN }
  return 'Bun' in globalThis ? unknown : performance.eventLoopUtilization(since)
}
