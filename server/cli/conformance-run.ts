/**
 * What the command line gives the checks: targets, credentials, and the ways to a person with a browser.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { importJWK } from 'jose'
import {
  AUTHORIZATION_SERVER_CHECKS,
  type CheckResult,
  type ClientMethod,
  checkAuthorizationServer,
  checkResourceServer,
  RESOURCE_SERVER_CHECKS,
  type Report,
  type Signer,
} from '../../conformance/index.ts'
import { fetchLines, publishHere } from '../../conformance/node/index.ts'
import { isLoopbackUrl } from '../../shared/loopback.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { type Problem, usage } from '../config/problem.ts'
import { visitInBrowser } from './visit-in-browser.ts'

export interface Targets {
  readonly as?: string
  readonly resource?: string
  readonly token?: string
  readonly tool?: string
  readonly otherResource?: string
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
  readonly wait?: string
  readonly only?: readonly string[]
  /** Seconds. */
  readonly timeout: number
}

export async function check(
  targets: Targets,
  onResult: (result: CheckResult) => void,
): Promise<Result<readonly Report[], Problem>> {
  const { as, browser, only, resource, timeout, wait } = targets
  const known = [...AUTHORIZATION_SERVER_CHECKS, ...RESOURCE_SERVER_CHECKS].map(({ id }) => id)
  const unknown = only?.find((id) => !known.includes(id))
  if (unknown !== undefined) return err(usage(`--only: there is no check ${unknown}.`))
  const visiting = browser === true ? await visitInBrowser({ redirectUri: targets.redirectUri, timeout }) : undefined
  const documents = as !== undefined && isLoopbackUrl(new URL(as)) ? await publishHere() : undefined
  try {
    const reports: Report[] = []
    const redirectUri = visiting?.redirectUri ?? targets.redirectUri
    if (resource !== undefined) {
      const { otherResource, token, tool, signingKey, scope } = targets
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
          otherResource,
          signer,
          timeout,
          fetchLines,
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
          untilStale: wait === undefined ? undefined : () => sleep(Number(wait) * 1000),
          timeout,
          fetchLines,
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
  try {
    const { alg = 'ES256', kid, ...jwk } = JSON.parse(await readFile(path, 'utf8'))
    const key = await importJWK(jwk, alg)
    if (key instanceof CryptoKey && key.type === 'private' && typeof kid === 'string') return { key, alg, kid }
  } catch {
    // Said below, whatever it was.
  }
  throw new Error('--signing-key: that file holds no private key as a JWK with a kid.')
}
