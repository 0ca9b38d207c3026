import { FocusError } from '../common/errors.ts'
import type { Route } from './route.ts'

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** Finds a route by method and path; literal segments win over `:names`. */
export class Router {
  /** Routes without `:names` by their path; most requests are for these. */
  readonly #literal = new Map<string, Route[]>()
  readonly #patterns: readonly Pattern[]

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (route.path.includes(':')) continue
      this.#literal.set(route.path, [...(this.#literal.get(route.path) ?? []), route])
    }
    this.#patterns = routes
      .filter(({ path }) => path.includes(':'))
      .map(toPattern)
      .sort((a, b) => a.names.length - b.names.length)
  }

  /** Returns whether any route has this path, which is relative to the base path. */
  has(path: string): boolean {
    return this.#literal.has(withoutSlash(path)) || this.#patterns.some(({ regex }) => regex.test(path))
  }

  /**
   * Finds the route of a method and a path. HEAD finds GET routes, except single-use ones.
   *
   * @throws FocusError `invalid_request` if a parameter in the path is not percent-encoded UTF-8
   */
  find(method: string, path: string): Match | null {
    for (const route of this.#literal.get(withoutSlash(path)) ?? []) {
      if (answers(route, method)) return { route, params: {} }
    }
    for (const { route, regex, names } of this.#patterns) {
      if (!answers(route, method)) continue
      const found = regex.exec(path)
      if (found) return { route, params: decodeAll(names, found) }
    }
    return null
  }

  /** Returns the methods that a path accepts, for the header `Allow`. */
  methods(path: string): string[] {
    const here = [
      ...(this.#literal.get(withoutSlash(path)) ?? []),
      ...this.#patterns.filter(({ regex }) => regex.test(path)).map(({ route }) => route),
    ]
    const methods = new Set<string>(here.map(({ method }) => method))
    if (here.some((route) => answers(route, 'HEAD'))) methods.add('HEAD')
    if (methods.size > 0) methods.add('OPTIONS')
    return [...methods]
  }
}

/** Removes one trailing slash. */
function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function answers({ method, once }: Route, asked: string): boolean {
  return asked === 'HEAD' ? method === 'GET' && !once : method === asked
}

interface Pattern {
  readonly route: Route
  readonly regex: RegExp
  readonly names: readonly string[]
}

function toPattern(route: Route): Pattern {
  const names: string[] = []
  const source = route.path
    .split('/')
    .map((segment) => {
      if (!segment.startsWith(':')) return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      names.push(segment.slice(1))
      return '([^/]+)'
    })
    .join('/')
  return { route, regex: new RegExp(`^${source}/?$`), names }
}

function decodeAll(names: readonly string[], found: RegExpExecArray): Record<string, string> {
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(found[index + 1] ?? '')]))
  } catch (error) {
    throw new FocusError('invalid_request', 'The path is not valid percent-encoding.', {
      hint: 'Encode path parameters with encodeURIComponent().',
      cause: error,
    })
  }
}
