import { createServer, type Server } from 'node:http'
import * as forExpress from '@focus-api/adapters/express'
import * as forFastify from '@focus-api/adapters/fastify'
import * as forFetch from '@focus-api/adapters/fetch'
import * as forKoa from '@focus-api/adapters/koa'
import * as forNode from '@focus-api/adapters/node'
import { createAdaptorServer } from '@hono/node-server'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import type { StartContestant } from '../contestant.ts'
import { focusWithUser } from '../focus.ts'

const answer = { id: 1 }

/** Each framework without protection, and with Focus' check before the same route. */
export const adapters = {
  'express bare': async () => {
    const app = express()
    app.get('/protected', (_req, res) => void res.json(answer))
    return { server: createServer(app), headers: {} }
  },
  'express requireUser': async () => {
    const { focus, headers } = await focusWithUser()
    const app = express()
    forExpress.mountFocus(app, focus)
    app.get('/protected', forExpress.requireUser(focus), (req, res) => void res.json({ id: req.user.id }))
    return { server: createServer(app), headers }
  },
  'fastify bare': async () => {
    const app = Fastify()
    app.get('/protected', async () => answer)
    await app.ready()
    return { server: app.server, headers: {} }
  },
  'fastify requireUser': async () => {
    const { focus, headers } = await focusWithUser()
    const app = Fastify()
    await forFastify.mountFocus(app, focus)
    app.get('/protected', { preHandler: forFastify.requireUser(focus) }, async (request) => ({ id: request.user.id }))
    await app.ready()
    return { server: app.server, headers }
  },
  'koa bare': async () => {
    const app = new Koa()
    app.use(async (ctx) => void (ctx.body = answer))
    return { server: koaServer(app), headers: {} }
  },
  'koa requireUser': async () => {
    const { focus, headers } = await focusWithUser()
    const app = new Koa<forKoa.UserState>()
    forKoa.mountFocus(app, focus)
    app.use(forKoa.requireUser(focus))
    app.use(async (ctx) => void (ctx.body = { id: ctx.state.user.id }))
    return { server: koaServer(app), headers }
  },
  'hono bare': async () => {
    const app = new Hono()
    app.get('/protected', (context) => context.json(answer))
    return { server: createAdaptorServer({ fetch: app.fetch }) as Server, headers: {} }
  },
  'hono requireUser': async () => {
    const { focus, headers } = await focusWithUser()
    const app = new Hono<{ Variables: forFetch.UserVariables }>()
    forFetch.mountFocus(app, focus)
    app.get('/protected', forFetch.requireUser(focus), (context) => context.json({ id: context.get('user').id }))
    return { server: createAdaptorServer({ fetch: app.fetch }) as Server, headers }
  },
  'node bare': async () => ({
    server: createServer(
      (_req, res) => void res.setHeader('content-type', 'application/json').end(JSON.stringify(answer)),
    ),
    headers: {},
  }),
  'node requireUser': async () => {
    const { focus, headers } = await focusWithUser()
    const handle = forNode.nodeHandler(focus)
    const guard = forNode.requireUser(focus)
    const protect = async (req: Parameters<typeof guard>[0], res: Parameters<typeof guard>[1]) => {
      const user = await guard(req, res)
      if (user) res.setHeader('content-type', 'application/json').end(JSON.stringify({ id: user.id }))
    }
    const server = createServer((req, res) => void (handle(req, res) || protect(req, res)))
    return { server, headers }
  },
} satisfies Record<string, StartContestant>

function koaServer(app: Koa): Server {
  const handle = app.callback()
  return createServer((req, res) => void handle(req, res))
}
