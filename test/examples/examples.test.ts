import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { freePort } from '@focus-api/test-kit/servers/ports'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { removeFolder, temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'

const root = join(import.meta.dirname, '../..')
const names = readdirSync(join(root, 'examples')).filter((name) => name !== 'public')

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

test.each(names)('examples/%s signs in, answers a protected route, notifies, and ends cleanly', async (name) => {
  const port = await freePort()
  const data = temporaryFolder('example')
  closing.push(() => removeFolder(data))
  const child = spawn(process.execPath, [join(root, 'scripts/run.mjs'), 'example'], {
    cwd: join(root, 'examples', name),
    env: { ...process.env, PORT: String(port), DATABASE_URL: `sqlite:${join(data, 'focus.db')}` },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  closing.push(() => child.kill('SIGKILL'))
  const url = await readyUrl(child.stdout)

  const { access_token: token } = await signIn({ url }, 'alice')
  const socket = await openSocket({ url }, token)
  await socket.next('connection')

  const activity = { app_name: 'Instagram', duration_minutes: 45 }
  const record = (headers: Record<string, string>) =>
    fetch(`${url}/activities`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(activity),
    })
  expect((await record({})).status).toBe(401)
  const answer = await record({ authorization: `Bearer ${token}` })
  expect(answer.status).toBe(201)
  expect(await answer.json()).toEqual(activity)
  expect(await socket.next('notification')).toMatchObject({ event: 'activities', data: activity })
  expect(await (await fetch(url)).text()).toContain('<html')

  child.kill('SIGTERM')
  expect((await ended)[0]).toBe(0)
})

function readyUrl(output: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    output.on('data', (chunk) => {
      text += String(chunk)
      const url = /Ready at (\S+)/.exec(text)?.[1]
      if (url) resolve(url)
    })
    output.on('end', () => reject(new Error(`The example ended: ${text}`)))
  })
}
