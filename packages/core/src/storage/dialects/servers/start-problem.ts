import { codeOf, messageOf } from '../storage-error.ts'

/** Why a database cannot be used, for the person who configures it. */
export interface StartProblem {
  /** What is wrong, as a sentence without its end. */
  readonly message: string
  /** One action. */
  readonly hint: string
}

/** Codes of Node for a certificate that is not accepted. */
const certificateCodes = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** Returns the problem of an error about the server's certificate, or null. */
export function certificateProblem(error: unknown, howToTrust: string): StartProblem | null {
  const own = certificateCodes.has(codeOf(error)) ? error : causeOf(error)
  const code = codeOf(own)
  if (!certificateCodes.has(code)) return null
  return { message: `the certificate of the server is not accepted (${code}: ${messageOf(own)})`, hint: howToTrust }
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}
