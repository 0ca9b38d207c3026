import type { App, RequestOptions } from './app.ts'

/** The cookies of a browser: stores and returns them. */
export class CookieJar {
  readonly #cookies = new Map<string, string>()
  readonly #app: App

  constructor(app: App) {
    this.#app = app
  }

  /** Names of the cookies it has. */
  get names(): string[] {
    return [...this.#cookies.keys()]
  }

  value(name: string): string | undefined {
    return this.#cookies.get(name)
  }

  /** Opens an address as a click on a link does. */
  async navigate(path: string): Promise<Response> {
    return await this.send(path, {
      headers: { accept: 'text/html,application/xhtml+xml', 'sec-fetch-mode': 'navigate' },
    })
  }

  async send(path: string, options: RequestOptions = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await this.#app.request(path, {
      ...options,
      headers: { ...(cookie === '' ? {} : { cookie }), ...options.headers },
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const at = pair.indexOf('=')
    if (attributes.includes('Max-Age=0')) this.#cookies.delete(pair.slice(0, at))
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
}
