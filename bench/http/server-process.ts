import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { contestants } from './contestants/index.ts'

/** One contestant in a process of its own; each message asks how much processor time it has used. */
const start = contestants[process.argv[2] ?? '']
if (!start) throw new Error(`unknown contestant ${process.argv[2]}`)
const { server, headers, path = '/protected' } = await start()
server.listen(0, '127.0.0.1')
await once(server, 'listening')
process.send?.({ port: (server.address() as AddressInfo).port, headers, path })
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMicroseconds: user + system })
})
process.on('disconnect', () => process.exit())
