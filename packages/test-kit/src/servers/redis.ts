import { requireBinary } from './binaries.ts'
import { freePort } from './ports.ts'
import { exchange, refuseToEnd, runServer, type ServerProcess } from './server-process.ts'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'

export interface Redis extends ServerProcess {
  /** `redis://…`; the value of `FOCUS_TEST_REDIS_URL` if that is set. */
  readonly url: string
}

interface RedisOptions {
  /** Starts a private server even if `FOCUS_TEST_REDIS_URL` names one: for tests that kill or freeze it. */
  readonly own?: boolean
  /** Further options of the server, such as `--requirepass secret`. */
  readonly args?: readonly string[]
}

/** Starts a Redis for a test. It stores nothing on disk: after `restart` it is empty. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const external = process.env['FOCUS_TEST_REDIS_URL']
  if (external && !options.own) return useExternal(external)
  const folder = temporaryFolder('redis')
  const port = await freePort()
  const server = await runServer({
    command: requireBinary('redis'),
    args: [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
      '--daemonize',
      'no',
      ...(options.args ?? []),
    ],
    port,
    folder,
    // A server with a password answers -NOAUTH, which is enough.
    ready: async () => void (await exchange(port, 'PING\r\n')),
    dispose: () => removeFolder(folder),
  })
  return { ...server, url: `redis://127.0.0.1:${port}` }
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
