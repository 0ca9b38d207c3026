import { once } from 'node:events'
import { createServer } from 'node:http'

/** The web server of an application, on another origin than Focus. */
export interface Site {
  readonly url: string
  stop(): Promise<void>
}

/** Serves HTML pages by path. A page of the form `{ script }` has only an element `#root` and that script. */
export async function startSite(pages: Record<string, string | { script: string }>): Promise<Site> {
  const server = createServer((request, response) => {
    const page = pages[new URL(request.url ?? '/', 'http://site').pathname]
    if (page === undefined) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end(typeof page === 'string' ? page : withScript(page.script))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The site listens on no port.')
  return {
    url: `http://localhost:${address.port}`,
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function withScript(script: string): string {
  const code = script.replaceAll('</script', String.raw`<\/script`)
  return `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><div id="root"></div><script>${code}</script>`
}
