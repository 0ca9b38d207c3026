export type Row = { readonly [field: string]: unknown }

/** An error answer of the server, with its message. */
export class Refusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Calls the admin routes with the typed key. */
export class AdminApi {
  readonly #base: string
  readonly #key: string

  constructor(base: string, key: string) {
    this.#base = base
    this.#key = key
  }

  /** @throws Refusal, or TypeError when the server does not answer */
  async json(path: string, init: { readonly method?: string; readonly body?: unknown } = {}): Promise<Row> {
    const response = await this.#fetch(path, init)
    const body: unknown = await response.json().catch(() => ({}))
    const row: Row = typeof body === 'object' && body !== null ? { ...body } : {}
    if (response.ok) return row
    throw new Refusal(response.status, textOf(row.detail) || `HTTP ${response.status}`)
  }

  async text(path: string): Promise<string> {
    const response = await this.#fetch(path, {})
    return response.ok ? response.text() : ''
  }

  #fetch(
    path: string,
    { method = 'GET', body }: { readonly method?: string; readonly body?: unknown },
  ): Promise<Response> {
    return fetch(this.#base + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }
}

/** Returns a field as text; empty for other values. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

export function rowsOf(value: unknown): Row[] {
  return Array.isArray(value) ? value.filter((row): row is Row => typeof row === 'object' && row !== null) : []
}
