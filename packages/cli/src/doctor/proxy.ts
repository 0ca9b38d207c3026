import { type JsonDocument, textOf } from '../remote/client.ts'
import { type Finding, ok, skipped, warning } from './finding.ts'

/** Checks with `GET /admin/client` that the server can distinguish clients behind a reverse proxy. */
export function checkProxy(status: number, client: JsonDocument | null): Finding {
  const check = 'proxy'
  if (status !== 200 || client === null) return skipped(check, 'the server does not report the client address')
  if (client.forwarded !== 'ignored')
    return ok(check, `the server sees this machine as ${textOf(client.address ?? 'unknown')}`)
  const peer = typeof client.address === 'string' ? client.address : 'unix'
  return warning(
    check,
    `The server ignores X-Forwarded-For of ${peer}: all clients behind it share the limits of one.`,
    `Set FOCUS_TRUSTED_PROXIES=${peer} where the server runs.`,
  )
}
