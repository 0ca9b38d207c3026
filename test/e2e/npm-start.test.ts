import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, test } from 'vitest'
import { buildPackages } from '../../scripts/build.mjs'
import { endProcess, spawnBound } from '@focus-api/test-kit/processes/child'
import { cleanEnvironment } from '@focus-api/test-kit/focus/focus-dev'
import { isRunning, processTree } from '@focus-api/test-kit/processes/processes'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'

const workspace = resolve(import.meta.dirname, '../..')

async function npmStart(data: string) {
  const child = spawnBound('npm', ['start', '--silent', '--', '--port', '0', '--json', '--data', data], {
    cwd: workspace,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (!child.stdout) throw new Error('npm has no stdout')
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { child, ready: JSON.parse(line) }
}

describe('npm start', () => {
  test('serves within seconds, passes its arguments on, and ends whole on SIGTERM', async ({ annotate }) => {
    await buildPackages()
    const data = temporaryFolder('start')
    const began = Date.now()
    const { child, ready } = await npmStart(data)
    const page = await fetch(ready.url)
    const took = Date.now() - began
    await annotate(`npm start, warm, to a served page: ${took} ms`, 'measured')
    expect(page.status).toBe(200)
    expect(took).toBeLessThan(20_000)

    const tree = processTree(child.pid ?? 0)
    expect(tree.length).toBeGreaterThan(1)
    await endProcess(child, 'SIGTERM')
    await expect.poll(() => tree.filter(isRunning), { timeout: 5_000 }).toEqual([])
    await expect(fetch(ready.url)).rejects.toThrow('fetch failed')
    removeFolder(data)
  })
})
