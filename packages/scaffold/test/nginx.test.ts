import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { requireBinary } from '@focus-api/test-kit/servers/binaries'
import { type Nginx, startNginx } from '@focus-api/test-kit/servers/nginx'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { scaffold } from '../src/scaffold.ts'
import { layOut, text } from '@focus-api/test-kit/processes/repository-folder'

let configuration: string
const certificates = temporaryFolder('certificates')

beforeAll(async () => {
  const root = layOut({ files: { 'package.json': '{"name":"my-shop"}', 'package-lock.json': '{}' } })
  await scaffold(root, { answers: { domain: 'shop.example.com' } })
  configuration = text(root, 'deploy/nginx.conf')
  const names = ['-keyout', 'privkey.pem', '-out', 'fullchain.pem', '-subj', '/CN=shop.example.com']
  execFileSync(requireBinary('openssl'), ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...names], {
    cwd: certificates,
    stdio: 'pipe',
  })
})

afterAll(() => removeFolder(certificates))

/** The configuration with the paths of this machine. */
function local(logs: string): string {
  return configuration
    .replaceAll('/etc/letsencrypt/live/shop.example.com', certificates)
    .replaceAll('/var/log/nginx', logs)
}

test('is accepted by nginx unchanged', () => {
  const folder = temporaryFolder('nginx-test')
  mkdirSync(join(folder, 'logs'))
  writeFileSync(
    join(folder, 'nginx.conf'),
    `pid ${folder}/nginx.pid; error_log stderr; events {} http { ${local(join(folder, 'logs'))} }`,
  )
  const { status, stderr } = spawnSync(requireBinary('nginx'), ['-t', '-p', folder, '-c', join(folder, 'nginx.conf')], {
    encoding: 'utf8',
  })
  expect(stderr).toContain('test is successful')
  expect(stderr).not.toContain('[warn]')
  expect(status).toBe(0)
})

test('waits longer than two heartbeats of 30 s', () => {
  const timeouts = [...configuration.matchAll(/proxy_(?:read|send)_timeout (\d+)s/g)].map((match) => Number(match[1]))
  expect(timeouts.length).toBeGreaterThanOrEqual(4)
  expect(Math.min(...timeouts)).toBeGreaterThan(60)
})

describe('in front of a server', () => {
  const seen: IncomingHttpHeaders[] = []
  const upstream = createServer((request, response) => {
    seen.push(request.headers)
    response.end(request.headers.connection ?? '')
  })
  const sockets = new WebSocketServer({ server: upstream })
  sockets.on('connection', (socket, request) => {
    seen.push(request.headers)
    socket.on('message', (data) => socket.send(data))
  })
  let nginx: Nginx
  const logs = temporaryFolder('nginx-logs')

  beforeAll(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const port = (upstream.address() as AddressInfo).port
    nginx = await startNginx(({ port: own }) =>
      local(logs)
        .replace('listen 80;', `listen 127.0.0.1:${own + 1};`)
        .replace('listen 443 ssl http2;', `listen 127.0.0.1:${own} ssl http2;`)
        .replace('server 127.0.0.1:8000;', `server 127.0.0.1:${port};`),
    )
  })

  afterAll(() => {
    sockets.close()
    upstream.close()
    removeFolder(logs)
  })

  const secure = (scheme: string) => nginx.url.replace('http', scheme)

  test('forwards a WebSocket', async () => {
    const socket = new WebSocket(`${secure('wss')}/api/ws/notifications?token=secret-token`, {
      rejectUnauthorized: false,
    })
    await once(socket, 'open')
    socket.send('hello')
    const [data] = await once(socket, 'message')
    expect(String(data)).toBe('hello')
    socket.close()
    await once(socket, 'close')
  })

  test('sends the client’s address, and ignores the headers of the client', async () => {
    const headers = { 'X-Forwarded-For': '198.51.100.1', 'X-Real-IP': '198.51.100.1' }
    const [response] = await once(
      get(`${secure('https')}/api/auth/google/callback?code=secret-code`, { headers, rejectUnauthorized: false }),
      'response',
    )
    response.resume()
    await once(response, 'end')
    expect(response.statusCode).toBe(200)
    expect(seen.at(-1)).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-real-ip': '127.0.0.1',
      'x-forwarded-proto': 'https',
    })
  })

  test('W26: logs no token and no code', async () => {
    await nginx.stop()
    const log = readFileSync(join(logs, 'my-shop.access.log'), 'utf8')
    expect(log).toContain('GET /api/ws/notifications HTTP/1.1')
    expect(log).toContain('/api/auth/google/callback')
    expect(log).not.toMatch(/secret-/)
  })
})
