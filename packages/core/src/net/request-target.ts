/**
 * A request target in origin-form (RFC 9112 §3.2.1). A server must take absolute-form too (§3.2.2), as clients send it to a
 * proxy: its authority says nothing that decides here.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const rest = /^https?:\/\/[^/?#]*(.*)$/is.exec(target)?.[1]
  if (rest === undefined) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** The path of a request target, without building a `URL` for requests that are the host's. */
export function pathOf(target: string): string {
  const path = originForm(target)
  const end = path.search(/[?#]/)
  return end === -1 ? path : path.slice(0, end)
}
