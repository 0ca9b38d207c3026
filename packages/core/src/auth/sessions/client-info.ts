/** The device that a session is started or refreshed from, for the user's list of devices. */
export interface ClientInfo {
  readonly userAgent?: string | null
  readonly ip?: string | null
}
