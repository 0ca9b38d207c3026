import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { requireBinary } from './binaries.ts'
import { freePort } from './ports.ts'
import { exchange, runServer, type ServerProcess } from './server-process.ts'
import { removeFolder, temporaryFolder } from '../processes/temporary-folder.ts'

export interface Nginx extends ServerProcess {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** Returns the access log so far. */
  accessLog(): string
  errorLog(): string
}

/**
 * Starts a private nginx, on a free port unless `port` names one. `http` returns the content of its `http { … }` for the port to `listen` on and its folder.
 *
 * @example
 * ```ts
 * const nginx = await startNginx(({ port }) => `server { listen 127.0.0.1:${port}; location / { return 200 ok; } }`)
 * ```
 */
export async function startNginx(
  http: (place: { port: number; folder: string }) => string,
  options: { readonly port?: number } = {},
): Promise<Nginx> {
  const folder = temporaryFolder('nginx')
  const port = options.port ?? (await freePort())
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(configuration, wrap(folder, http({ port, folder })))
  const server = await runServer({
    command: requireBinary('nginx'),
    args: ['-p', folder, '-e', join(folder, 'error.log'), '-c', configuration],
    port,
    folder,
    ready: async () => void (await exchange(port, 'HEAD /-/ready HTTP/1.0\r\n\r\n')),
    dispose: () => removeFolder(folder),
  })
  const read = (name: string) => readFileSync(join(folder, name), 'utf8')
  return {
    ...server,
    url: `http://127.0.0.1:${port}`,
    accessLog: () => read('access.log'),
    errorLog: () => read('error.log'),
  }
}

function wrap(folder: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
master_process off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 1024; }
http {
  access_log ${folder}/access.log;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  ${http}
}
`
}
