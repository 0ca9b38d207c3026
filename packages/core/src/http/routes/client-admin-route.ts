import { json } from '../responses.ts'
import type { Route } from '../route.ts'

/** `GET /admin/client`: the client address that this server sees, so that an operator notices an unnamed reverse proxy. */
export const clientAdminRoute: Route = {
  method: 'GET',
  path: '/admin/client',
  access: 'admin',
  handle: ({ client }) => json({ address: client.address, forwarded: client.forwarded }),
}
