import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Focus } from '@focus-api/core'
import { serve } from '@hono/node-server'
import express5 from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa3 from 'koa'
import Koa2 from 'koa2'
import * as forExpress from '../src/express.ts'
import * as forFetch from '../src/fetch.ts'
import * as forFastify from '../src/fastify.ts'
import * as forKoa from '../src/koa.ts'
import * as forNode from '../src/node.ts'

export interface RunningHost {
  readonly server: Server
  close(): Promise<void>
}

/**
 * A small application in each framework, all with the same routes:
 * `POST /activities` (needs a user; answers who and the parsed body), `GET /scoped` (needs the scope `reports`),
 * `GET /optional` (who, or null), `GET /api/own` (the application's own route below Focus' base path), and an error handler that
 * answers 500 `handled by the host`.
 */
export interface Host {
  readonly name: string
  start(focus: Focus): Promise<RunningHost>
}

const hostError = { error: 'handled by the host' }

function expressHost(name: string, express: typeof express5, parseFirst: boolean): Host {
  return {
    name,
    async start(focus) {
      const app = express()
      const server = app.listen(0, '127.0.0.1')
      if (parseFirst) app.use(express.json())
      forExpress.mountFocus(app, focus, { server })
      if (!parseFirst) app.use(express.json())
      app.post('/activities', forExpress.requireUser(focus), (req, res) => {
        res.status(201).json({ mine: req.user.id, activity: req.body })
      })
      app.get('/scoped', forExpress.requireUser(focus, { scopes: ['reports'] }), (_req, res) => res.json({}))
      app.get('/optional', forExpress.optionalUser(focus), (req, res) =>
        res.json({ mine: (req.user as { id: unknown } | undefined)?.id ?? null }),
      )
      app.get('/api/own', (_req, res) => res.json({ own: true }))
      app.use((_error: unknown, _req: express5.Request, res: express5.Response, _next: express5.NextFunction) => {
        res.status(500).json(hostError)
      })
      return running(server)
    },
  }
}

function koaHost(name: string, Koa: typeof Koa3, parseFirst: boolean): Host {
  return {
    name,
    async start(focus) {
      const app = new Koa()
      app.silent = true
      app.use(async (context, next) => {
        try {
          await next()
        } catch {
          context.status = 500
          context.body = hostError
        }
      })
      const parse: Koa3.Middleware = async (context, next) => {
        const chunks: Buffer[] = []
        for await (const chunk of context.req) chunks.push(chunk as Buffer)
        const text = Buffer.concat(chunks).toString()
        Reflect.set(context.request, 'body', text === '' ? undefined : JSON.parse(text))
        await next()
      }
      if (parseFirst) app.use(parse)
      forKoa.mountFocus(app, focus)
      if (!parseFirst) app.use(parse)
      const guard = forKoa.requireUser(focus)
      const scoped = forKoa.requireUser(focus, { scopes: ['reports'] })
      const optional = forKoa.optionalUser(focus)
      app.use(async (context, next) => {
        const route = `${context.method} ${context.path}`
        if (route === 'POST /activities') {
          return guard(context, async () => {
            context.status = 201
            context.body = { mine: context.state['user'].id, activity: Reflect.get(context.request, 'body') }
          })
        }
        if (route === 'GET /scoped') return scoped(context, async () => void (context.body = {}))
        if (route === 'GET /optional') {
          return optional(context, async () => void (context.body = { mine: context.state['user']?.id ?? null }))
        }
        if (route === 'GET /api/own') {
          context.body = { own: true }
          return undefined
        }
        return next()
      })
      const server = app.listen(0, '127.0.0.1')
      forKoa.attachUpgrade(server, focus)
      return running(server)
    },
  }
}

const fastifyHost: Host = {
  name: 'Fastify 5',
  async start(focus) {
    const app = Fastify()
    app.setErrorHandler((_error, _request, reply) => reply.code(500).send(hostError))
    await forFastify.mountFocus(app, focus)
    app.post('/activities', { preHandler: forFastify.requireUser(focus) }, async (request, reply) => {
      return reply.code(201).send({ mine: request.user.id, activity: request.body })
    })
    app.get('/scoped', { preHandler: forFastify.requireUser(focus, { scopes: ['reports'] }) }, async () => ({}))
    app.get('/optional', { preHandler: forFastify.optionalUser(focus) }, async (request) => ({
      mine: (request.user as { id: unknown } | undefined)?.id ?? null,
    }))
    app.get('/api/own', async () => ({ own: true }))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { server: app.server, close: () => app.close() }
  },
}

const honoHost: Host = {
  name: 'Hono 4',
  async start(focus) {
    const app = new Hono<{ Variables: forFetch.UserVariables }>()
    app.onError((_error, context) => context.json(hostError, 500))
    const server = await new Promise<Server>((resolve) => {
      const made = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(made as Server))
    })
    forFetch.mountFocus(app, focus, { server })
    app.post('/activities', forFetch.requireUser(focus), async (context) =>
      context.json({ mine: context.get('user').id, activity: await context.req.json() }, 201),
    )
    app.get('/scoped', forFetch.requireUser(focus, { scopes: ['reports'] }), (context) => context.json({}))
    app.get('/optional', forFetch.optionalUser(focus), (context) =>
      context.json({ mine: (context.get('user') as { id: string } | undefined)?.id ?? null }),
    )
    app.get('/api/own', (context) => context.json({ own: true }))
    return running(server)
  },
}

const nodeHost: Host = {
  name: 'node:http',
  async start(focus) {
    const handle = forNode.nodeHandler(focus)
    const guard = forNode.requireUser(focus)
    const scoped = forNode.requireUser(focus, { scopes: ['reports'] })
    const optional = forNode.optionalUser(focus)
    const route = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
      const reply = (status: number, body: unknown) => {
        res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }
      if (req.url === '/activities') {
        const user = await guard(req, res)
        if (user) reply(201, { mine: user.id, activity: JSON.parse(await text(req)) })
      } else if (req.url === '/scoped') {
        if (await scoped(req, res)) reply(200, {})
      } else if (req.url === '/optional') {
        const user = await optional(req, res)
        if (user !== null) reply(200, { mine: user?.id ?? null })
      } else if (req.url === '/api/own') reply(200, { own: true })
      else reply(404, {})
    }
    const server = createServer((req, res) => {
      if (handle(req, res)) return
      route(req, res).catch(() =>
        res.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify(hostError)),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    forNode.attachUpgrade(server, focus)
    return running(server)
  },
}

export const hosts: readonly Host[] = [
  expressHost('Express 5', express5, false),
  expressHost('Express 5 with the body parsed before', express5, true),
  expressHost('Express 4', express4, false),
  expressHost('Express 4 with the body parsed before', express4, true),
  fastifyHost,
  koaHost('Koa 3', Koa3, false),
  koaHost('Koa 3 with the body parsed before', Koa3, true),
  koaHost('Koa 2', Koa2, false),
  honoHost,
  nodeHost,
]

export function urlOf({ server }: RunningHost): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function running(server: Server): Promise<RunningHost> {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve))
  return {
    server,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
