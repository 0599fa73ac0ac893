/**
 * Documents of clients on this machine.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { DocumentHost } from '../authorization-server/options.ts'

/** Publishes documents on this machine's loopback, for a server that runs here as well and may read them. */
export async function publishHere(): Promise<{ readonly host: DocumentHost; readonly close: () => void }> {
  const documents = new Map<string, string>()
  const redirects = new Map<string, string>()
  const asked = new Set<string>()
  const server = createServer(({ url: path = '' }, response) => {
    asked.add(path)
    const [location, body] = [redirects.get(path), documents.get(path)]
    if (location !== undefined) response.writeHead(302, { location })
    else response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve))
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const put = (path: string, document: unknown): void => void documents.set(path, JSON.stringify(document))
  return {
    host: {
      async publish(path, document) {
        put(path, document(origin + path))
        return origin + path
      },
      async publishRedirect(path, target, document) {
        put(target, document(origin + path))
        redirects.set(path, origin + target)
        return origin + path
      },
      wasAsked: (path) => asked.has(path),
    },
    close: () => void server.close(),
  }
}
