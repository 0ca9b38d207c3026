import type { Contestant } from './contestant.ts'

let counter = 0

/** Returns notifications per second during a slice of time, with all callers of a contestant. */
export async function throughput(contestant: Contestant, milliseconds: number): Promise<number> {
  const startedAt = performance.now()
  const until = startedAt + milliseconds
  let sent = 0
  const caller = async () => {
    while (performance.now() < until) {
      await contestant.send((counter += 1))
      sent += contestant.each
    }
  }
  await Promise.all(Array.from({ length: contestant.callers }, caller))
  return (sent * 1_000) / (performance.now() - startedAt)
}

/** Returns a percentile of the milliseconds of sequential calls. */
export async function latency(contestant: Contestant, calls: number, percentile: number): Promise<number> {
  const taken: number[] = []
  for (let call = 0; call < calls; call += 1) {
    const startedAt = performance.now()
    await contestant.send((counter += 1))
    taken.push(performance.now() - startedAt)
  }
  taken.sort((a, b) => a - b)
  return taken[Math.floor((taken.length - 1) * percentile)] ?? NaN
}
