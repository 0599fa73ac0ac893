/**
 * Documents of clients on this machine.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { DocumentHost } from '../authorization-server/context.ts'

/** Publishes documents on this machine, for a server that runs here as well and may read them. */
export async function publishHere(): Promise<{ readonly host: DocumentHost; readonly close: () => void }> {
  const documents = new Map<string, { readonly body: string; readonly location?: string }>()
  const server = createServer(({ url = '' }, response) => {
    const document = documents.get(url)
    const { body = '', location } = document ?? {}
    const status = document === undefined ? 404 : location === undefined ? 200 : 302
    response.writeHead(status, { 'content-type': 'application/json', ...(location === undefined ? {} : { location }) })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1' }, resolve))
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  return {
    host: {
      async publish(path, document, redirectTo) {
        const url = origin + path
        documents.set(path, {
          body: JSON.stringify(document(url)),
          ...(redirectTo === undefined ? {} : { location: redirectTo }),
        })
        return url
      },
    },
    close: () => void server.close(),
  }
}
