/**
 * What the command line gives the checks: targets, credentials, and the ways to a person with a browser.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { importJWK } from 'jose'
import { loopback } from '../../client/node/loopback.ts'
import {
  AUTHORIZATION_SERVER_CHECKS,
  type CheckResult,
  type ClientMethod,
  checkAuthorizationServer,
  checkResourceServer,
  RESOURCE_SERVER_CHECKS,
  type Report,
  type Signer,
  type Visit,
} from '../../conformance/index.ts'
import { publishHere } from '../../conformance/node/publish-here.ts'
import { isLoopbackUrl } from '../../shared/loopback.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { type Problem, usage } from '../config/problem.ts'

export interface Targets {
  readonly as?: string
  readonly resource?: string
  readonly token?: string
  readonly tool?: string
  readonly signingKey?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly clientAuth?: ClientMethod
  readonly redirectUri?: string
  readonly indicator?: string
  readonly scope?: string
  readonly introspectionClientId?: string
  readonly introspectionClientSecret?: string
  readonly browser?: true
  readonly only?: readonly string[]
  /** Seconds. */
  readonly timeout: number
}

/** How long a person has for one visit, in milliseconds. */
const PATIENCE = 120_000

export async function check(
  targets: Targets,
  onResult: (result: CheckResult) => void,
): Promise<Result<readonly Report[], Problem>> {
  const { as, browser, only, resource, timeout } = targets
  const known = [...AUTHORIZATION_SERVER_CHECKS, ...RESOURCE_SERVER_CHECKS].map(({ id }) => id)
  const unknown = only?.find((id) => !known.includes(id))
  if (unknown !== undefined) return err(usage(`--only: there is no check ${unknown}.`))
  const visiting = browser === true ? await visitInBrowser(targets.redirectUri) : undefined
  const documents = as !== undefined && isLoopbackUrl(new URL(as)) ? await publishHere() : undefined
  try {
    const reports: Report[] = []
    const redirectUri = visiting?.redirectUri ?? targets.redirectUri
    if (resource !== undefined) {
      const { token, tool, signingKey, scope } = targets
      const signer = signingKey === undefined ? undefined : await readSigner(signingKey)
      const { client } = credentialsOf(targets)
      reports.push(
        await checkResourceServer({
          url: resource,
          ...(client === undefined ? {} : { client }),
          redirectUri,
          visit: visiting?.visit,
          scope,
          token,
          tool,
          signer,
          timeout,
          only,
          onResult,
        }),
      )
    }
    if (as !== undefined) {
      reports.push(
        await checkAuthorizationServer({
          issuer: as,
          ...credentialsOf(targets),
          redirectUri,
          resource: targets.indicator ?? resource,
          scope: targets.scope,
          visit: visiting?.visit,
          isAttended: visiting !== undefined,
          documents: documents?.host,
          timeout,
          only,
          onResult,
        }),
      )
    }
    return ok(reports)
  } finally {
    await visiting?.close()
    documents?.close()
  }
}

function credentialsOf(targets: Targets) {
  const { clientId, clientSecret, clientAuth, introspectionClientId, introspectionClientSecret } = targets
  return {
    ...(clientId === undefined ? {} : { client: { id: clientId, secret: clientSecret, method: clientAuth } }),
    ...(introspectionClientId === undefined
      ? {}
      : { introspector: { id: introspectionClientId, secret: introspectionClientSecret ?? '' } }),
  }
}

/** The key that signs tokens, from a file that holds it as a JWK. */
async function readSigner(path: string): Promise<Signer> {
  const { alg = 'ES256', kid, ...jwk } = JSON.parse(await readFile(path, 'utf8'))
  const key = await importJWK(jwk, alg)
  if (key instanceof Uint8Array || typeof kid !== 'string')
    throw new Error('--signing-key: wanted a private JWK with a kid.')
  return { key, alg, kid }
}

export interface Visiting {
  readonly redirectUri: string
  readonly visit: Visit
  readonly close: () => Promise<void>
}

/** The person's own browser, and a listener here for what it brings back. */
export async function visitInBrowser(redirectUri: string | undefined): Promise<Visiting> {
  const wanted = redirectUri === undefined ? {} : portAndPath(new URL(redirectUri))
  const interaction = loopback(wanted)
  const signal = new AbortController().signal
  const context = { resource: '', issuer: '', redirectUri: undefined, issuerSegment: undefined, signal }
  const prepared = await interaction.prepare(context)
  if (prepared === undefined) throw new Error('No listener can be opened on this machine.')
  return {
    redirectUri: prepared.redirectUri,
    close: prepared.close,
    async visit(url) {
      const state = new URL(url).searchParams.get('state')
      const request = {
        url,
        judge: (params: URLSearchParams) => (params.get('state') === state ? 'accepted' : 'foreign'),
        fetch: globalThis.fetch,
        signal: AbortSignal.timeout(PATIENCE),
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
