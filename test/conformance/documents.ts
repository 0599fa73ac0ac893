/**
 * A place for documents of clients in this process, for servers whose way out of it is ours.
 *
 * @module
 */
import type { DocumentHost } from '../../conformance/index.ts'

export interface Documents {
  readonly host: Required<Omit<DocumentHost, 'wasAsked'>>
  /** What stands at a URL: a document, a redirect, or nothing. */
  read(url: string): { readonly body: string } | { readonly location: string } | undefined
}

const [PUBLIC, INSECURE, PRIVATE] = ['https://documents.example', 'http://documents.example', 'https://10.0.0.1']

export function createDocuments(): Documents {
  const bodies = new Map<string, string>()
  const locations = new Map<string, string>()
  const at =
    (origin: string): DocumentHost['publish'] =>
    async (path, document) => {
      bodies.set(origin + path, JSON.stringify(document(origin + path)))
      return origin + path
    }
  return {
    host: {
      publish: at(PUBLIC),
      publishInsecurely: at(INSECURE),
      publishPrivately: at(PRIVATE),
      async publishRedirect(path, target, document) {
        bodies.set(PUBLIC + target, JSON.stringify(document(PUBLIC + path)))
        locations.set(PUBLIC + path, PUBLIC + target)
        return PUBLIC + path
      },
    },
    read(url) {
      // No request has a fragment or a password, and every request has a path.
      const { origin, pathname } = new URL(url)
      const [body, location] = [bodies.get(origin + pathname), locations.get(origin + pathname)]
      return location === undefined ? (body === undefined ? undefined : { body }) : { location }
    },
  }
}
