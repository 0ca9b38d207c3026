import { connect as connectPlain } from 'node:net'
import { connect as connectSecure } from 'node:tls'
import { failed, type Finding, ok, reasonOf } from './finding.ts'

const TIMEOUT_MS = 5_000

/** Checks that Redis answers PING with the credentials of its address. */
export async function checkRedis(address: string): Promise<Finding> {
  const url = URL.canParse(address) ? new URL(address) : null
  const fix =
    'Check that Redis runs, that host, port and password of REDIS_URL are correct, and that this machine can reach it. In CI, check the service container and its health check.'
  if (url === null || !/^rediss?:$/.test(url.protocol)) {
    return failed('redis', 'REDIS_URL is not an address such as redis://host:6379.', fix)
  }
  try {
    const answer = await ask(url)
    if (answer.startsWith('+PONG')) return ok('redis', `${url.host} answers`)
    return failed('redis', `${url.host} refuses: ${answer.replace(/^-/, '')}.`, fix)
  } catch (error) {
    return failed('redis', `${url.host} does not answer: ${reasonOf(error)}.`, fix)
  }
}

/** Returns the last line that Redis answers to AUTH (with a password) and PING, or its first error. */
function ask(url: URL): Promise<string> {
  const password = decodeURIComponent(url.password)
  const user = decodeURIComponent(url.username)
  const commands = [...(password === '' ? [] : [['AUTH', ...(user === '' ? [] : [user]), password]]), ['PING']]
  const target = { host: url.hostname, port: Number(url.port || 6379) }
  const socket =
    url.protocol === 'rediss:' ? connectSecure({ ...target, servername: url.hostname }) : connectPlain(target)
  return new Promise<string>((resolve, reject) => {
    let text = ''
    socket.setTimeout(TIMEOUT_MS, () => reject(new Error('no answer in time')))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('the connection was closed')))
    socket.on('data', (bytes) => {
      text += bytes.toString('utf8')
      const lines = text.split('\r\n').slice(0, -1)
      const refusal = lines.find((line) => line.startsWith('-'))
      if (refusal !== undefined) resolve(refusal)
      else if (lines.length >= commands.length) resolve(lines.at(-1) ?? '')
    })
    for (const command of commands) socket.write(encode(command))
  }).finally(() => socket.destroy())
}

/** Encodes an array of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec). */
function encode(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`
}
