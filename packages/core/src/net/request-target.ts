/**
 * Returns a request target in origin-form (RFC 9112 §3.2.1). A server must also accept absolute-form (§3.2.2), which clients send to
 * proxies; its authority is ignored.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const rest = /^https?:\/\/[^/?#]*(.*)$/is.exec(target)?.[1]
  if (rest === undefined) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Returns the path of a request target without parsing a `URL`, because most requests are for the host application. */
export function pathOf(target: string): string {
  const path = originForm(target)
  const end = path.search(/[?#]/)
  return end === -1 ? path : path.slice(0, end)
}
