import { type JsonDocument, textOf } from '../remote/client.ts'
import { type Finding, ok, skipped, warning } from './finding.ts'

/** Whether the server knows its clients apart behind a reverse proxy, by what `GET /admin/client` answers. */
export function checkProxy(status: number, client: JsonDocument | null): Finding {
  const check = 'proxy'
  if (status !== 200 || client === null) return skipped(check, 'the server does not say whom it takes its callers for')
  if (client.forwarded !== 'ignored')
    return ok(check, `it takes this machine for ${textOf(client.address ?? 'unknown')}`)
  const peer = typeof client.address === 'string' ? client.address : 'unix'
  return warning(
    check,
    `The server ignores X-Forwarded-For of ${peer}: all clients behind it share the limits of one.`,
    `Set FOCUS_TRUSTED_PROXIES=${peer} where the server runs.`,
  )
}
