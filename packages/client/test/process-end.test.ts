import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { signIn } from '@focus-api/test-kit/focus/sign-in'

test('a process exits by itself after its client is closed', async () => {
  const server = await startFocusDev()
  try {
    const { access_token: token } = await signIn(server, 'alice')
    const program = `
      import { createFocusClient } from ${JSON.stringify(resolve(import.meta.dirname, '../src/index.ts'))}
      const focus = createFocusClient({ url: '${server.url}/api', token: '${token}' })
      focus.notifications.connect()
      await focus.notifications.whenOpen()
      await focus.notifications.inbox()
      focus.close()
      console.log('closed')
    `
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 10_000,
    })
    expect(run.stderr).toBe('')
    expect(run.stdout).toBe('closed\n')
    expect(run.status).toBe(0)
  } finally {
    await server.stop()
  }
})
