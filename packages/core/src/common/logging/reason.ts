/** What a log line says of an error: its message, which JSON keeps, and nothing that hangs on it (S28). */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown'
}
