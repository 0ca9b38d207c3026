import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { contestants } from './contestants/index.ts'

/** The process of one contestant. It answers each message with its used processor time. */
const start = contestants[process.argv[2] ?? '']
if (!start) throw new Error(`Unknown contestant ${process.argv[2]}.`)
const { server, headers, path = '/protected' } = await start()
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ port: (server.address() as AddressInfo).port, headers, path })
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicroseconds: user + system })
})
process.on('disconnect', () => process.exit())
