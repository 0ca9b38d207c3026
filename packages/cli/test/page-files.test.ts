import { readFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders } from 'node:http'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { type FocusDev, startFocusDev } from '@focus-api/test-kit/focus/focus-dev'

const dist = resolve(import.meta.dirname, '../dist')

let server: FocusDev

beforeAll(async () => {
  server = await startFocusDev()
  return () => server.stop()
})

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  /** As it was sent: `fetch` would decompress it. */
  readonly body: Buffer
}

function load(path: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((done, fail) => {
    get(server.url + path, { headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) })
      })
    }).on('error', fail)
  })
}

describe.each([
  ['/focus-page/page.js', 'page/page.js'],
  ['/focus-page/page.css', 'page/page.css'],
  ['/focus/ops.js', 'ops/ops.js'],
  ['/focus/ops.css', 'ops/ops.css'],
])('%s', (path, file) => {
  const content = () => readFileSync(resolve(dist, file))

  test('is compressed for browsers that accept it, and plain for others', async () => {
    const compressed = await load(path, { 'accept-encoding': 'gzip, deflate' })
    expect(compressed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
    expect(gunzipSync(compressed.body).equals(content())).toBe(true)
    const plain = await load(path, {})
    expect(plain.headers).not.toHaveProperty('content-encoding')
    expect(plain.body.equals(content())).toBe(true)
    expect(plain.headers['content-type']).toBe(compressed.headers['content-type'])
    for (const { headers } of [plain, compressed]) expect(headers['x-content-type-options']).toBe('nosniff')
  })

  test('is not sent again to a browser that has it', async () => {
    const { headers } = await load(path, { 'accept-encoding': 'gzip' })
    expect(headers['cache-control']).toBe('no-cache')
    const again = await load(path, { 'accept-encoding': 'gzip', 'if-none-match': String(headers.etag) })
    expect([again.status, again.body.length]).toEqual([304, 0])
    expect(again.headers.etag).toBe(headers.etag)
    expect((await load(path, { 'if-none-match': 'W/"other"' })).status).toBe(200)
    const etag = String(headers.etag)
    for (const known of ['*', `"other", ${etag}`, `W/"other",${etag},"third"`, etag.slice('W/'.length)]) {
      expect([known, (await load(path, { 'if-none-match': known })).status]).toEqual([known, 304])
    }
  })

  test.each([
    ['gzip;q=0', undefined],
    ['br, gzip; q=0.000, *', undefined],
    ['x-not-gzip', undefined],
    ['deflate;q=0.5, GZIP;q=0.1', 'gzip'],
    ['*', 'gzip'],
  ])('for a browser that accepts %s has the encoding %s', async (accepted, encoding) => {
    const { headers } = await load(path, { 'accept-encoding': accepted })
    expect(headers['content-encoding']).toBe(encoding)
  })
})

test('the page of focus dev is three files of at most 22 kB together', async () => {
  const page = await load('/', { 'accept-encoding': 'gzip' })
  const files = [...page.body.toString().matchAll(/(?:src|href)="(\/focus-page\/[^"]+\.(?:js|css))"/g)].map(
    ([, path]) => String(path),
  )
  expect(files.toSorted()).toEqual(['/focus-page/page.css', '/focus-page/page.js'])
  const sizes = await Promise.all(
    files.map(async (path) => (await load(path, { 'accept-encoding': 'gzip' })).body.length),
  )
  expect(sizes.reduce((sum, size) => sum + size, page.body.length)).toBeLessThan(22_000)
})
