import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { packageFolder } from '../config/package-folder.ts'

/** A built file as it is sent. */
interface Asset {
  /** Weak, because the plain and the compressed file share it. */
  readonly etag: string
  readonly plain: Buffer
  readonly gzipped: Buffer
  /** Milliseconds since 1970: a build while the server runs replaces the file. */
  readonly modified: number
}

const compress = promisify(gzip)
const loaded = new Map<string, Asset>()

/**
 * Sends a file of `dist`, which is read and compressed once. A browser that has it already gets 304 and no content.
 *
 * @param file below `dist`, such as `page/page.js`
 */
export async function sendAsset(
  file: string,
  contentType: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { etag, plain, gzipped } = await assetOf(join(packageFolder(), 'dist', file))
  // The browser asks every time, because the address of a file stays the same when its content changes.
  const headers = {
    etag,
    vary: 'accept-encoding',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  }
  if (isKnown(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers).end()
    return
  }
  const isGzipped = acceptsGzip(request.headers['accept-encoding'])
  const content = isGzipped ? gzipped : plain
  response
    .writeHead(200, {
      ...headers,
      'content-type': contentType,
      'content-length': content.length,
      ...(isGzipped ? { 'content-encoding': 'gzip' } : {}),
    })
    .end(content)
}

async function assetOf(path: string): Promise<Asset> {
  const { mtimeMs: modified } = await stat(path)
  const known = loaded.get(path)
  if (known?.modified === modified) return known
  const plain = await readFile(path)
  const etag = `W/"${createHash('sha256').update(plain).digest('base64url').slice(0, 16)}"`
  const asset = { etag, plain, gzipped: await compress(plain, { level: 9 }), modified }
  loaded.set(path, asset)
  return asset
}

/** Whether `If-None-Match` is `*`, or a list with this tag. The comparison is weak: a proxy may drop the `W/`. */
function isKnown(condition: string | undefined, etag: string): boolean {
  const tags = condition?.split(',').map((each) => each.trim().replace(/^W\//, '')) ?? []
  return tags.includes('*') || tags.includes(etag.replace(/^W\//, ''))
}

/** Whether `Accept-Encoding` names gzip with a weight above 0, or, without naming it, `*`. */
function acceptsGzip(accepted: string | undefined): boolean {
  const weights = new Map<string, number>()
  for (const each of accepted?.toLowerCase().split(',') ?? []) {
    const [coding = '', ...parameters] = each.split(';').map((part) => part.trim())
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    weights.set(coding, weight === undefined ? 1 : Number(weight.slice(2)))
  }
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0
}
