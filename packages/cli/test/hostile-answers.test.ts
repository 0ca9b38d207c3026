import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '@focus-api/test-kit/processes/temporary-folder'
import * as connections from '../src/commands/operating/connections.ts'
import * as deliveries from '../src/commands/delivering/deliveries.ts'
import * as doctor from '../src/commands/operating/doctor.ts'
import * as epoch from '../src/commands/operating/epoch.ts'
import * as keys from '../src/commands/operating/keys.ts'
import * as sessions from '../src/commands/operating/sessions.ts'
import * as stats from '../src/commands/messaging/stats.ts'
import * as transports from '../src/commands/delivering/transports.ts'
import * as users from '../src/commands/operating/users.ts'
import type { CommandContext } from '../src/terminal/context.ts'
import { terminalLogger } from '../src/terminal/terminal-logger.ts'
import { messageLine } from '../src/commands/messaging/message-line.ts'
import { Terminal } from '../src/terminal/terminal.ts'

/** Clears the screen in C0 and in C1, sets the title, reverses the text, breaks the line. */
const evil = 'e\u001b[2J\u009b2J\u009d0;t\u0007\u202e\u2066v\u0085il\r\n'
/** Characters that must not reach a terminal, except line ends. */
const obeyed = /(?!\n)[\p{Cc}\p{Cf}]/u

const rows = Array.from({ length: 2 }, (_, id) => ({
  id: `${id}${evil}`,
  username: evil,
  email: evil,
  full_name: evil,
  user_agent: evil,
  user_id: evil,
  node: evil,
  transport: evil,
  offset: evil,
  lag: evil,
  name: evil,
  disabled_reason: evil,
  waiting: evil,
  title: evil,
  last_error: evil,
  state: evil,
  kid: evil,
  alg: evil,
}))

const answers: Readonly<Record<string, object>> = {
  '/api/admin/users': { users: rows },
  '/api/admin/users/7': { [evil]: evil, claims: { [evil]: evil }, accounts: rows, sessions: rows },
  '/api/admin/users/7/disable': { username: evil },
  '/api/admin/sessions': { sessions: rows },
  '/api/admin/deliveries': { deliveries: rows },
  '/api/admin/deliveries/retry': { retried: evil },
  '/api/admin/transports': { transports: rows },
  '/api/admin/keys': { keys: rows },
  '/api/admin/epoch': { epoch: evil },
  '/api/ws/connections': { connections: rows },
  '/api/ws/stats': {
    websocket_enabled: true,
    active_users: evil,
    active_connections: 1,
    connected_user_ids: [evil],
    nodes: evil,
  },
  '/api/health': { status: 'ok' },
  '/api/ready': { code: evil },
  '/api/auth/me': { username: evil },
}

let server: Server
beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = answers[(request.url ?? '').split('?')[0] ?? '']
    response.writeHead(answer === undefined ? 418 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { code: evil, detail: evil, hint: evil }))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
})
afterAll(() => new Promise((done) => void server.close(done)))

function speaker(json = false) {
  let written = ''
  const stream = { isTTY: false, write: (text: string) => ((written += text), true) }
  return { terminal: new Terminal({ stdout: stream, stderr: stream, env: {}, json }), written: () => written }
}

type Command = (context: CommandContext) => Promise<unknown>

async function spoken(command: Command, json = false): Promise<string> {
  const { terminal, written } = speaker(json)
  const context: CommandContext = {
    terminal,
    env: {
      FOCUS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      FOCUS_ADMIN_KEY: 'an-admin-key-of-tests',
    },
    cwd: temporaryFolder('hostile'),
    signal: new AbortController().signal,
    outliveReader: () => undefined,
  }
  try {
    await command(context)
  } catch (error) {
    terminal.fail(error)
  }
  return written()
}

const commands: readonly (readonly [name: string, command: Command, lines: number])[] = [
  ['users list', (context) => users.list(context, {}), 3],
  ['users show', (context) => users.show(context, {}, ['7']), 12],
  ['users disable', (context) => users.disable(context, {}, ['7']), 1],
  ['sessions list', (context) => sessions.list(context, {}, ['7']), 3],
  ['deliveries list', (context) => deliveries.list(context, {}), 3],
  ['deliveries retry', (context) => deliveries.retry(context, {}, []), 1],
  ['connections', (context) => connections.list(context, {}), 3],
  ['transports list', (context) => transports.list(context, {}), 3],
  ['keys list', (context) => keys.list(context, {}), 3],
  ['epoch show', (context) => epoch.show(context, {}), 1],
  ['stats', (context) => stats.run(context, {}), 6],
]

describe('control characters in answers never reach the terminal', () => {
  test.each(commands)('%s', async (_, command, lines) => {
    const text = await spoken(command)
    expect(text).toContain('\\u{9b}2J')
    expect(text).not.toMatch(obeyed)
    expect(text.trimEnd().split('\n')).toHaveLength(lines)
  })

  test('an error and its hint', async () => {
    const text = await spoken((context) => users.show(context, {}, ['nobody']))
    expect(text).toMatch(/^focus: e\\u\{1b\}\[2J/)
    expect(text).not.toMatch(obeyed)
  })

  test('doctor', async () => {
    const text = await spoken((context) => doctor.run(context, { quick: true, token: 'x.y.z' }))
    expect(text).toMatch(/the token belongs to e.*\\u\{9b\}2J/)
    expect(text).toMatch(/The server refuses the connection \(HTTP 418, e.*\\u\{9b\}2J/)
    expect(text).not.toMatch(obeyed)
  })

  test.each(commands)('%s --json is the same document', async (_, command) => {
    const text = await spoken(command, true)
    expect(text.trimEnd()).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(JSON.stringify(JSON.parse(text))).toContain(JSON.stringify(evil).slice(1, -1))
  })

  test.each([
    { type: 'notification', notification_type: evil, event: evil, title: evil, message: evil },
    { type: evil, [evil]: evil },
  ])('a message of the WebSocket', (message) => {
    const line = messageLine(speaker().terminal, message)
    expect(line).toContain('\\u{9b}2J')
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  test.each(['warn', 'error'] as const)('a log entry: %s', (level) => {
    const { terminal, written } = speaker()
    terminalLogger(terminal)[level](evil, { [evil]: evil, error: new Error(evil) })
    expect(written().match(/\\u\{9b\}2J/g)).toHaveLength(4)
    expect(written()).not.toMatch(obeyed)
  })
})
