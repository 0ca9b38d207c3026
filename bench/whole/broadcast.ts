import { measurementOf } from '../report/measurement.ts'
import { compare } from './interleaved.ts'
import type { Scenario } from './scenario.ts'

const contestants = ['focus', 'socket.io', 'ws', 'raw net', 'bun'] as const

/** Broadcasts to all connections, stored by Focus and by nobody else. */
export const broadcast: Scenario = {
  about: 'a stored broadcast to 1,000 sockets, 8 in flight',
  run: (options) => measure(options, 'broadcast', 1),
}

export const broadcastBursts: Scenario = {
  about: 'the same in bursts of 10 within one turn of the event loop',
  run: (options) => measure(options, 'broadcast-bursts', 10),
}

async function measure(
  { slices, seconds, scale, isQuick }: Parameters<Scenario['run']>[0],
  name: 'broadcast' | 'broadcast-bursts',
  burst: number,
) {
  const connections = Math.ceil(1_000 / scale)
  const result = await compare({
    contestants,
    connections,
    cores: 1,
    slices,
    load: {
      call: 'broadcast',
      users: connections,
      framesPerCall: connections,
      window: 8 * burst,
      burst,
      perTurn: burst,
      seconds,
    },
  })
  const isBursts = burst > 1
  return [
    measurementOf(
      {
        name,
        variant: '',
        title: `stored broadcasts to 1,000 sockets${isBursts ? `, bursts of ${burst}` : ', 8 in flight'}; the peers store nothing`,
        unit: 'deliveries/s',
        isQuick,
        targets: isBursts
          ? [
              { of: 'focus', to: 'socket.io', kind: 'at least', bound: 15 },
              { of: 'focus', to: 'bun', kind: 'at least', bound: 1.2 },
            ]
          : [{ of: 'focus', to: 'socket.io', kind: 'at least', bound: 6 }],
        details: (contestant) => ({ 'bytes each': result.bytesPerFrame.get(contestant) ?? Number.NaN }),
      },
      result.slices,
    ),
  ]
}
