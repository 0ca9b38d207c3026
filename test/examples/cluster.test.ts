import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { testOnDatabase } from '@focus-api/test-kit/databases/matrix'

const root = join(import.meta.dirname, '../..')
const folder = join(root, 'examples/cluster')

testOnDatabase('mariadb')(
  'examples/cluster restarts its nodes one by one, and its clients lose nothing',
  { timeout: 120_000 },
  async () => {
    const args = ['--rolling-restart', '--port', '0', '--clients', '40', '--drain-ms', '500']
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(root, 'scripts/run.mjs'), 'example', ...args],
      { cwd: folder, env: { ...process.env, DATABASE_URL: '' } },
    )
    const report = JSON.parse(stdout.slice(stdout.indexOf('{')))
    expect(report).toMatchObject({ clients: 40, lost: 0, duplicated: 0 })
    expect(report.accepted).toBeGreaterThan(10)
    // Each client was on at least one of the nodes that went.
    expect(report.reconnects).toBeGreaterThanOrEqual(40)
  },
)

test('compose.yaml names files that exist, and its nodes have the settings that a cluster shares', () => {
  const compose = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8'), { merge: true })
  const nodes = ['node1', 'node2', 'node3'].map((name) => compose.services[name])
  for (const node of nodes) {
    expect(node).toEqual(nodes[0])
    expect(Object.keys(node.environment)).toEqual(
      expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'FOCUS_SECRET', 'FOCUS_PUBLIC_URL', 'FOCUS_ADMIN_KEY']),
    )
    expect(existsSync(join(folder, node.build.context, node.build.dockerfile))).toBe(true)
  }
  const upstream = readFileSync(join(folder, 'nginx/upstream.conf'), 'utf8')
  for (const name of ['node1', 'node2', 'node3']) expect(upstream).toContain(`server ${name}:8000 `)
  for (const volume of compose.services.nginx.volumes) {
    expect(existsSync(join(folder, String(volume).split(':')[0] ?? ''))).toBe(true)
  }
  for (const service of Object.values<{ healthcheck?: unknown }>(compose.services)) {
    expect(service.healthcheck).toBeDefined()
  }
})
