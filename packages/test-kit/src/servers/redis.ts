import { requireBinary } from './binaries.ts'
import { type Certificates, createCertificates } from './certificates.ts'
import { freePort } from './ports.ts'
import { exchange, refuseToEnd, runServer, type ServerProcess } from './server-process.ts'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'

export interface Redis extends ServerProcess {
  /** `redis://…`; the value of `FOCUS_TEST_REDIS_URL` if that is set. */
  readonly url: string
}

export interface RedisOptions {
  /** Starts a private server even if `FOCUS_TEST_REDIS_URL` names one: for tests that kill or freeze it. */
  readonly own?: boolean
  readonly port?: number
  /** Further options of the server, such as `--requirepass secret`. */
  readonly args?: readonly string[]
}

export interface TlsRedis extends Redis {
  /** The files of the authority, the value of `NODE_EXTRA_CA_CERTS`, and of the server. */
  readonly certificates: Certificates
}

/** Starts a Redis for a test. It stores nothing on disk: after `restart` it is empty. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const external = process.env['FOCUS_TEST_REDIS_URL']
  if (external && !options.own) return useExternal(external)
  const server = await runRedis(options.port ?? (await freePort()), options.args)
  return { ...server, url: `redis://127.0.0.1:${server.port}` }
}

/** Starts a Redis that speaks TLS only, with a certificate that a private authority signed. */
export async function startTlsRedis(): Promise<TlsRedis> {
  const folder = temporaryFolder('redis-tls')
  const certificates = createCertificates(folder)
  const { authority, certificate, key } = certificates
  const tls = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', authority]
  // The plain port tells that the server is ready; the tests use the other one.
  const port = await freePort()
  const server = await runRedis(await freePort(), ['--tls-port', String(port), '--tls-auth-clients', 'no', ...tls])
  const stop = () => server.stop().finally(() => removeFolder(folder))
  return { ...server, port, url: `rediss://localhost:${port}`, certificates, stop }
}

const withoutDisk = ['--daemonize', 'no', '--save', '', '--appendonly', 'no']

/** Runs a private Redis on a port. */
export function runRedis(port: number, args: readonly string[] = []): Promise<ServerProcess> {
  const folder = temporaryFolder('redis')
  return runServer({
    command: requireBinary('redis'),
    args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...withoutDisk, ...args],
    port,
    folder,
    // A server with a password answers -NOAUTH, which is enough.
    ready: async () => void (await exchange(port, 'PING\r\n')),
    dispose: () => removeFolder(folder),
  })
}

function useExternal(url: string): Redis {
  return {
    url,
    port: Number(new URL(url).port || 6379),
    isRunning: () => true,
    kill: refuseToEnd,
    restart: refuseToEnd,
    pause: refuseToEnd,
    resume: refuseToEnd,
    stop: async () => undefined,
  }
}
