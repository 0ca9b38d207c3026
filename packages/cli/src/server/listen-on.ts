import type { AddressInfo, Server } from 'node:net'
import { CommandFailure } from '../terminal/failure.ts'
import { hasCode } from '../terminal/context.ts'

/**
 * Starts listening, and returns the port.
 *
 * @param shared whether other processes listen on the port too, and the kernel spreads the connections over them
 * (`SO_REUSEPORT`)
 * @throws CommandFailure `port_taken`, `cannot_listen`
 */
export async function listen(
  server: Server,
  port: number,
  host: string,
  { shared = false }: { readonly shared?: boolean } = {},
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refused = (error: Error) => reject(explain(error, port, host))
    server.once('error', refused)
    server.listen({ port, host, reusePort: shared }, () => {
      server.off('error', refused)
      resolve()
    })
  })
  return (server.address() as AddressInfo).port
}

function explain(error: Error, port: number, host: string): CommandFailure {
  const code = hasCode(error) ? error.code : ''
  if (code === 'EADDRINUSE') {
    return new CommandFailure('port_taken', `Port ${port} of ${host} is in use by another program.`, {
      hint: 'Stop that program, or choose another port with --port (0 means any free port).',
      cause: error,
    })
  }
  const reason =
    {
      EACCES: 'this user cannot listen there (ports below 1024 are reserved)',
      EADDRNOTAVAIL: 'no network interface of this machine has that address',
      ENOTFOUND: 'no address has that name',
    }[code] ?? error.message
  return new CommandFailure('cannot_listen', `Cannot listen on ${host}, port ${port}: ${reason}.`, {
    hint: 'Choose another address with --host and --port.',
    cause: error,
  })
}
