/**
 * Authorization by a person: their own browser, and a listener on this machine for what it brings back.
 *
 * @module
 */
import { type LoopbackOptions, loopback } from '../../client/node/loopback.ts'
import { type Visit, visitAlone } from '../../conformance/index.ts'

export interface Visiting {
  readonly redirectUri: string
  readonly visit: Visit
  readonly close: () => Promise<void>
}

export interface VisitOptions extends Pick<LoopbackOptions, 'open' | 'show'> {
  /** The one that a client has registered. Default: any free port. */
  readonly redirectUri?: string | undefined
  /** For one answer, in seconds. */
  readonly timeout?: number | undefined
  /** How long a person has for one visit, in seconds. Default: 120. */
  readonly patience?: number
}

/** Nobody is asked for what is refused, or granted, without them. */
export async function visitInBrowser({
  redirectUri,
  timeout,
  patience = 120,
  ...showing
}: VisitOptions): Promise<Visiting> {
  const wanted = redirectUri === undefined ? {} : portAndPath(new URL(redirectUri))
  const signal = new AbortController().signal
  const context = { resource: '', issuer: '', redirectUri: undefined, issuerSegment: undefined, signal }
  const prepared = await loopback({ ...showing, ...wanted }).prepare(context)
  if (prepared === undefined) throw new Error('No listener can be opened on this machine.')
  const alone = visitAlone({ timeout })
  return {
    redirectUri: prepared.redirectUri,
    close: prepared.close,
    async visit(url, target) {
      const landing = await alone(url, target)
      if (landing.kind !== 'page') return landing
      const state = new URL(url).searchParams.get('state')
      const request = {
        url,
        judge: (params: URLSearchParams) => (params.get('state') === state ? 'accepted' : 'foreign'),
        fetch: globalThis.fetch,
        signal: AbortSignal.timeout(patience * 1000),
      } as const
      // Who is shown an error does not come back.
      return prepared.open(request).then(
        (callback) => ({ kind: 'callback', url: new URL(callback) }) as const,
        () => ({ kind: 'refused' }) as const,
      )
    },
  }
}

const portAndPath = ({ port, pathname }: URL) => ({ port: Number(port), path: pathname })
