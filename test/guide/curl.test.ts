import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, test } from 'vitest'
import { requireBinary } from '@focus-api/test-kit/servers/binaries'
import { type FocusDev, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'
import { openSocket } from '@focus-api/test-kit/focus/notification-socket'
import { signIn } from '@focus-api/test-kit/focus/sign-in'
import { codeBlock, pointedAt } from './guide.ts'

let server: FocusDev

beforeAll(async () => {
  server = await startFocusDev()
  return () => server.stop()
})

/** Runs the `curl` line of a block as a shell would, and returns its answer beside the one that the guide shows. */
async function run(marker: string): Promise<{ answer: Record<string, unknown>; shownFields: string[] }> {
  const block = codeBlock('bash', marker)
  const line = /^curl .*$/m.exec(block)?.[0] ?? ''
  const [, ...args] = pointedAt(line, server).split(' ')
  const child = spawn(requireBinary('curl'), ['-sS', ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const shown = block.slice(block.indexOf('{'))
  return {
    answer: JSON.parse(await text(child.stdout)),
    shownFields: [...shown.matchAll(/^ {2}"(\w+)":/gm)].map(([, name]) => name ?? ''),
  }
}

describe('the guide’s curl examples', () => {
  test('the authorization address', async () => {
    const { answer, shownFields } = await run('/api/auth/google')
    expect(shownFields).toEqual(['authorization_url', 'state'])
    expect(Object.keys(answer)).toEqual(expect.arrayContaining(shownFields))
    const authorization = new URL(String(answer['authorization_url']))
    expect(authorization.searchParams.get('state')).toBe(answer['state'])
    expect(authorization.searchParams.get('redirect_uri')).toBe(`${server.url}/api/auth/google/callback`)
  })

  test('the active connections', async () => {
    const alice = await signIn(server, 'alice')
    const sockets = [await openSocket(server, alice.access_token), await openSocket(server, alice.access_token)]
    const { answer, shownFields } = await run('/api/ws/stats')
    expect(shownFields).toEqual(['websocket_enabled', 'active_users', 'active_connections', 'connected_user_ids'])
    expect(answer).toMatchObject({
      websocket_enabled: true,
      active_users: 1,
      active_connections: 2,
      connected_user_ids: [alice.user.id],
    })
    await Promise.all(sockets.map((socket) => socket.close()))
  })
})
