import type { JsonDocument, RemoteRequest } from './client.ts'

/** The routes of Focus, answered by a server or by this process. */
export interface Routes {
  call(path: string, request: RemoteRequest): Promise<JsonDocument>
  close(): Promise<void>
}
