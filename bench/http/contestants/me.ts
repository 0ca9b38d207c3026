import { createServer } from 'node:http'
import * as forExpress from '@focus-api/adapters/express'
import * as forNode from '@focus-api/adapters/node'
import express from 'express'
import type { StartContestant } from '../contestant.ts'
import { focusWithUser } from '../focus.ts'

/** `GET /auth/me` through an adapter, and a route of the framework with the same JSON and the same check. */
export const me = {
  'express own /me': async () => {
    const { focus, headers } = await focusWithUser()
    const app = express()
    app.get('/protected', forExpress.requireUser(focus), async (req, res) => {
      const user = await focus.auth.users.get(req.user.id)
      res.json({
        id: user?.id,
        username: user?.username,
        email: user?.email,
        full_name: user?.fullName,
        avatar_url: user?.avatarUrl,
      })
    })
    return { server: createServer(app), headers }
  },
  'express /auth/me': async () => {
    const { focus, headers } = await focusWithUser()
    const app = express()
    forExpress.mountFocus(app, focus)
    return { server: createServer(app), headers, path: '/api/auth/me' }
  },
  'node /auth/me': async () => {
    const { focus, headers } = await focusWithUser()
    const handle = forNode.nodeHandler(focus)
    return { server: createServer((req, res) => void handle(req, res)), headers, path: '/api/auth/me' }
  },
} satisfies Record<string, StartContestant>
