import { startUp } from '../startup/start-up.ts'
import { broadcast, broadcastBursts } from './broadcast.ts'
import { cluster } from './cluster.ts'
import { growth } from './growth.ts'
import { idleCall } from './idle-call.ts'
import { idle } from './idle.ts'
import { latency } from './latency.ts'
import { memory } from './memory.ts'
import type { Scenario } from './scenario.ts'
import { store } from './store.ts'
import { storm } from './storm.ts'
import { unicast, unicastHot } from './unicast.ts'

/** The benchmarks of the whole product, by the names that `npm run bench --` accepts. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  broadcast,
  'broadcast-bursts': broadcastBursts,
  unicast,
  'unicast-hot': unicastHot,
  store,
  memory,
  idle,
  storm,
  latency,
  cluster,
  'idle-call': idleCall,
  growth,
  'start-up': startUp,
}
