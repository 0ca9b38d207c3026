import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { googleOrStandIn } from '@focus-api/cli'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import { freePort, startMariadb, startNginx, startPostgres, startRedis } from '@focus-api/test-kit/servers/servers'
import { ClusterNode } from './cluster-node.ts'

export interface ClusterOptions {
  /** The port of nginx; 0 for any free one. */
  readonly port: number
  /** `mariadb`, `postgres` or `sqlite`, for a private one; or the URL of a database. */
  readonly database: string
  /** Whether to start a private Redis. */
  readonly redis: boolean
  readonly nodes: number
  /** Milliseconds over which a node that stops asks its clients to reconnect. */
  readonly drainMs: number
}

export interface Cluster {
  /** The address of nginx. */
  readonly url: string
  readonly adminKey: string
  readonly nodes: readonly ClusterNode[]
  close(): Promise<void>
}

/** Starts the servers that the nodes need, then the nodes, then nginx in front of them. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const closing: (() => unknown)[] = []
  const close = async () => {
    for (const step of closing.splice(0).toReversed()) await step()
  }
  try {
    const port = options.port === 0 ? await freePort() : options.port
    const url = `http://localhost:${port}`
    const adminKey = process.env.FOCUS_ADMIN_KEY || randomBytes(24).toString('base64url')
    const env = {
      ...(await signInSettings(url, closing)),
      DATABASE_URL: await startDatabase(options.database, closing),
      ...(options.redis ? { REDIS_URL: await redisUrl(closing) } : {}),
      FOCUS_PUBLIC_URL: url,
      FOCUS_TRUSTED_PROXIES: 'loopback',
      FOCUS_ADMIN_KEY: adminKey,
      FOCUS_SECRET: process.env.FOCUS_SECRET || randomBytes(32).toString('base64url'),
      EXAMPLE_DRAIN_MS: String(options.drainMs),
    }
    const nodes: ClusterNode[] = []
    for (let count = 0; count < options.nodes; count += 1) nodes.push(new ClusterNode(await freePort(), env))
    closing.push(() => Promise.all(nodes.map((node) => node.stop())))
    // They may start together: one migrates the database, and the others wait.
    await Promise.all(nodes.map((node) => node.start()))
    const nginx = await startNginx(() => nginxConfiguration(port, nodes), { port })
    closing.push(() => nginx.stop())
    return { url, adminKey, nodes, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function startDatabase(database: string, closing: (() => unknown)[]): Promise<string> {
  if (database.includes(':')) return database
  if (database === 'sqlite') {
    const folder = temporaryFolder('cluster')
    closing.push(() => removeFolder(folder))
    return `sqlite:${join(folder, 'focus.db')}`
  }
  const start = { mariadb: startMariadb, postgres: startPostgres }[database]
  if (!start) throw new Error(`--database: expected mariadb, postgres, sqlite or a URL, got ${database}.`)
  const server = await start({ own: true })
  closing.push(() => server.stop())
  return server.url
}

async function redisUrl(closing: (() => unknown)[]): Promise<string> {
  const redis = await startRedis({ own: true })
  closing.push(() => redis.stop())
  return redis.url
}

/** The nodes share one provider: a sign-in may start on one node and return to another. */
async function signInSettings(url: string, closing: (() => unknown)[]): Promise<NodeJS.ProcessEnv> {
  const google = await googleOrStandIn(`${url}/api/auth/google/callback`)
  closing.push(() => google.close())
  const { issuer, clientId, clientSecret } = google.options.google ?? {}
  if (!issuer || !clientId || !clientSecret) return {}
  return { EXAMPLE_ISSUER: issuer, GOOGLE_CLIENT_ID: clientId, GOOGLE_CLIENT_SECRET: clientSecret }
}

function nginxConfiguration(port: number, nodes: readonly ClusterNode[]): string {
  const server = readFileSync(new URL('../nginx/focus.conf', import.meta.url), 'utf8')
  return `
    upstream focus_nodes {
      zone focus_nodes 64k;
      least_conn;
      ${nodes.map((node) => `server 127.0.0.1:${node.port} max_fails=3 fail_timeout=1s;`).join('\n      ')}
      keepalive 32;
      keepalive_timeout 60s;
    }
    ${server.replace('listen 8000;', `listen 127.0.0.1:${port};`)}
  `
}
