import { json } from '../responses.ts'
import type { Route } from '../route.ts'

/** `GET /admin/client`: who this server takes the caller for, so that an operator finds a reverse proxy that is not named. */
export const clientAdminRoute: Route = {
  method: 'GET',
  path: '/admin/client',
  access: 'admin',
  handle: ({ client }) => json({ address: client.address, forwarded: client.forwarded }),
}
