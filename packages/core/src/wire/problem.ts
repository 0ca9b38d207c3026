import type { FocusError } from '../common/errors.ts'

/** Returns an error as RFC 9457 problem JSON: `type`, `title`, `status`, `detail`, `code` and, if there is one, `hint`. */
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
