import { measurementOf } from '../report/measurement.ts'
import { median, round } from '../statistics.ts'
import { compare } from './interleaved.ts'
import type { Scenario } from './scenario.ts'

const contestants = ['focus', 'socket.io', 'ws', 'raw net', 'bun'] as const

/** Calls in flight: each is stored, and its frame has arrived, before another one takes its place. */
const window = 4_000

export const unicast: Scenario = {
  about: 'a durable notifyUser to random sockets of 5,000 users, 4,000 in flight, on one core and on two',
  run: (options) => measure(options, 'unicast', 5_000, { 1: 1, 2: 1.5 }),
}

export const unicastHot: Scenario = {
  about: 'the same to 100 users',
  run: (options) => measure(options, 'unicast-hot', 100, { 1: 1.5, 2: 1.5 }),
}

async function measure(
  { slices, seconds, scale, isQuick, cores }: Parameters<Scenario['run']>[0],
  name: 'unicast' | 'unicast-hot',
  users: number,
  bounds: Readonly<Record<1 | 2, number>>,
) {
  const connections = Math.ceil(users / scale)
  const measurements = []
  for (const count of cores) {
    const result = await compare({
      contestants,
      connections,
      cores: count,
      slices,
      load: { call: 'notify', users: connections, framesPerCall: 1, window, burst: 1, perTurn: 500, seconds },
    })
    measurements.push(
      measurementOf(
        {
          name,
          variant: count === 1 ? 'one core' : 'two cores',
          title: `durable notifyUser to random sockets of ${users.toLocaleString('en')} users; the peers store nothing`,
          unit: 'calls/s',
          isQuick,
          targets: [{ of: 'focus', to: 'socket.io', kind: 'at least', bound: bounds[count] }],
          details: (contestant) => ({
            'bytes each': result.bytesPerFrame.get(contestant) ?? Number.NaN,
            'main thread': round(median((result.slices.get(contestant) ?? []).map(({ mainThread }) => mainThread))),
          }),
        },
        result.slices,
      ),
    )
  }
  return measurements
}
