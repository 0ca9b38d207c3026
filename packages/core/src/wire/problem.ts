import type { FocusError } from '../common/errors.ts'

/** An error as the JSON of an RFC 9457 problem: `type`, `title`, `status`, `detail`, `code` and, where there is one, `hint`. */
export function problemDocument({ code, title, status, message, hint }: FocusError): Record<string, unknown> {
  return {
    type: `urn:focus:problem:${code}`,
    title,
    status,
    detail: message,
    code,
    ...(hint === undefined ? {} : { hint }),
  }
}
