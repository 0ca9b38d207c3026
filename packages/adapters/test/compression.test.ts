import { get, type IncomingMessage, type Server } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFocus, type Focus } from '@focus-api/core'
import fastifyCompress from '@fastify/compress'
import { serve } from '@hono/node-server'
import compression from 'compression'
import express5 from 'express'
import express4 from 'express4'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { compress as honoCompress } from 'hono/compress'
import Koa from 'koa'
import koaCompress from 'koa-compress'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as forExpress from '../src/express.ts'
import * as forFastify from '../src/fastify.ts'
import * as forFetch from '../src/fetch.ts'
import * as forKoa from '../src/koa.ts'
import { type Host, running, urlOf } from './hosts.ts'
import { profileOf } from '@focus-api/test-kit/focus/profile'

/** Compresses all that it may, of any type and any size, as an application can set it. */
function expressHost(name: string, express: typeof express5): Host {
  return {
    name,
    async start(focus) {
      const app = express()
      const server = app.listen(0, '127.0.0.1')
      app.use(compression({ threshold: 0, filter: () => true }))
      forExpress.mountFocus(app, focus, { server })
      app.get('/text', (_req, res) => res.type('text/plain').send('text '.repeat(1_000)))
      return running(server)
    },
  }
}

const fastifyHost: Host = {
  name: 'Fastify 5 with @fastify/compress',
  async start(focus) {
    const app = Fastify()
    await app.register(fastifyCompress, { threshold: 0, customTypes: /./ })
    await forFastify.mountFocus(app, focus)
    app.get('/text', async (_request, reply) => reply.type('text/plain').send('text '.repeat(1_000)))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { server: app.server, close: () => app.close() }
  },
}

const koaHost: Host = {
  name: 'Koa 3 with koa-compress',
  async start(focus) {
    const app = new Koa()
    app.use(koaCompress({ threshold: 0, filter: () => true }))
    forKoa.mountFocus(app, focus)
    app.use((context) => {
      context.type = 'text/plain'
      context.body = 'text '.repeat(1_000)
    })
    return running(app.listen(0, '127.0.0.1'))
  },
}

const honoHost: Host = {
  name: 'Hono 4 with hono/compress',
  async start(focus) {
    const app = new Hono()
    app.use(honoCompress({ threshold: 0 }))
    const server = await new Promise<Server>((resolve) => {
      const made = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(made as Server))
    })
    forFetch.mountFocus(app, focus, { server })
    app.get('/text', (context) => context.text('text '.repeat(1_000)))
    return running(server)
  },
}

const hosts = [
  expressHost('Express 5 with compression', express5),
  expressHost('Express 4 with compression', express4),
  fastifyHost,
  koaHost,
  honoHost,
]

describe.each(hosts)('R18: behind $name', (host) => {
  let folder: string
  let focus: Focus
  let url: string
  let close: () => Promise<void>
  let token: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'focus-compression-'))
    focus = await createFocus({ database: `sqlite:${join(folder, 'focus.db')}`, env: {} })
    const started = await host.start(focus)
    url = urlOf(started)
    close = () => started.close()
    const { user } = await focus.auth.accounts.signIn(
      profileOf('alice', { fullName: 'Alice', preferredUsername: 'alice' }),
    )
    token = (await focus.auth.sessions.start(user, 'test')).accessToken
  })
  afterAll(async () => {
    await close()
    await focus.close()
    rmSync(folder, { recursive: true })
  })

  /** Without `fetch`, which would undo the encoding unseen. */
  function request(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'gzip, deflate, br, zstd' }
      get(`${url}${path}`, { headers }, resolve).on('error', reject)
    })
  }

  test('the event stream is not compressed: its head and each message arrive at once', async () => {
    const answer = await request('/api/notifications/stream')
    expect(answer.headers['content-type']).toContain('text/event-stream')
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect(answer.headers['cache-control']).toContain('no-transform')
    let received = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
    await expect.poll(() => received).toContain('"type":"connection"')
    await focus.notifications.notifyAppBlocked({ userId: 1, appName: 'Instagram' })
    await expect.poll(() => received).toContain('Instagram')
    answer.destroy()
  })

  test('the application’s own answers are compressed', async () => {
    const answer = await request('/text')
    answer.resume()
    expect(answer.headers['content-encoding']).toBeDefined()
  })
})
