import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startCluster } from './cluster.ts'

const { values } = parseArgs({
  options: {
    database: { type: 'string', default: process.env.DATABASE_URL || 'mariadb' },
    redis: { type: 'boolean', default: false },
    nodes: { type: 'string', default: '3' },
    port: { type: 'string', default: process.env.PORT || '8000' },
    'rolling-restart': { type: 'boolean', default: false },
    clients: { type: 'string', default: '200' },
    'drain-ms': { type: 'string', default: '5000' },
  },
})

const cluster = await startCluster({
  database: values.database,
  redis: values.redis,
  nodes: Number(values.nodes),
  port: Number(values.port),
  drainMs: Number(values['drain-ms']),
})
console.log(`Ready at ${cluster.url}`)

const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
if (values['rolling-restart']) {
  // Ctrl-C ends the servers, and the restart with them.
  void ended.then(() => cluster.close()).then(() => process.exit(130))
  const { rollingRestart } = await import('./rolling-restart.ts')
  const report = await rollingRestart(cluster, Number(values.clients))
  console.log(JSON.stringify(report, null, 2))
  process.exitCode = report.lost > 0 ? 1 : 0
} else {
  console.log(`The admin key is ${cluster.adminKey}. Ctrl-C ends all.`)
  await ended
}
await cluster.close()
process.exit()
