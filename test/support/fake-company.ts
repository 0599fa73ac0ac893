/**
 * A company's identity provider beside the fake world, whose authorization server believes it. Both judge what they are sent; a test breaks
 * the one thing that it is about.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-04 section 4
 * @module
 */
import {
  calculateJwkThumbprint,
  decodeJwt,
  decodeProtectedHeader,
  EmbeddedJWK,
  generateKeyPair,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import { type CrossAppAccessOptions, crossAppAccess } from '../../client/grants/index.ts'
import type { SessionOptions } from '../../client/index.ts'
import { createSession } from '../../client/index.ts'
import { type FakeOptions, fakeWorld, json, oauthError, type RecordedRequest } from './fake-authorization-server.ts'

export const IDP = 'https://login.acme.example'
export const IDP_TOKEN = `${IDP}/token`
export const AS = 'https://as.example.com'
export const TOKEN = `${AS}/token`
export const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'

const { privateKey } = await generateKeyPair('ES256')

/** A JWT of whoever, in the time of the world. */
export const sign = (claims: JWTPayload, header: { readonly typ?: string } = {}): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'ES256', ...header }).sign(privateKey)

export type FakeCompany = ReturnType<typeof fakeCompany>

export interface CompanyOptions extends FakeOptions {
  /** Seconds that an ID-JAG lives. */
  readonly jagLifetime?: number
  readonly idpMetadata?: Record<string, unknown>
  /** The authorization server takes each ID-JAG once. */
  readonly once?: boolean
}

export function fakeCompany(options: CompanyOptions = {}) {
  const { jagLifetime = 300, idpMetadata, once = false, ...fake } = options
  const world = fakeWorld(fake)
  const clock = world.clock
  /** What the provider makes of its ID-JAGs: claims, header and response, each over the right ones. */
  const jag: { claims: JWTPayload; typ: string; response: Record<string, unknown> } = {
    claims: {},
    typ: 'oauth-id-jag+jwt',
    response: {},
  }
  const accepted = new Set(['id-token'])
  const redeemed: JWTPayload[] = []
  const used = new Set<string>()
  let serial = 0

  const jktOf = async (request: RecordedRequest, url: string): Promise<string | undefined> => {
    const proof = request.headers.get('dpop')
    if (proof === null) return undefined
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      currentDate: new Date(clock.now * 1000),
    })
    if (payload['htu'] !== url || protectedHeader.jwk === undefined) throw new Error('a proof for somewhere else')
    return calculateJwkThumbprint(protectedHeader.jwk)
  }

  const exchange = async (request: RecordedRequest): Promise<Response> => {
    const { form } = request
    if (!accepted.has(form.get('subject_token') ?? '')) return oauthError('invalid_grant')
    if (form.get('requested_token_type') !== ID_JAG) return oauthError('invalid_request')
    const jkt = await jktOf(request, IDP_TOKEN)
    serial += 1
    const assertion = await sign(
      {
        iss: IDP,
        sub: 'ada',
        aud: form.get('audience') ?? '',
        client_id: 'acme-notes',
        resource: form.get('resource') ?? '',
        ...(form.has('scope') && { scope: form.get('scope') }),
        jti: `jag-${serial}`,
        iat: clock.now,
        exp: clock.now + jagLifetime,
        ...(jkt !== undefined && { cnf: { jkt } }),
        ...jag.claims,
      },
      { typ: jag.typ },
    )
    return json({ access_token: assertion, issued_token_type: ID_JAG, token_type: 'N_A', ...jag.response })
  }

  const redeem = async (request: RecordedRequest): Promise<Response> => {
    const { form } = request
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
      return oauthError('unsupported_grant_type')
    }
    const assertion = form.get('assertion') ?? ''
    const claims = decodeJwt(assertion)
    const stale = (claims.exp ?? 0) <= clock.now || (once && used.has(assertion))
    if (stale || decodeProtectedHeader(assertion).typ !== 'oauth-id-jag+jwt') return oauthError('invalid_grant')
    used.add(assertion)
    const jkt = await jktOf(request, TOKEN)
    const bound = Object(claims['cnf']).jkt
    if (bound !== undefined && bound !== jkt) return oauthError('invalid_grant')
    redeemed.push(claims)
    serial += 1
    const scope = typeof claims['scope'] === 'string' ? claims['scope'] : (form.get('scope') ?? '')
    world.tokens.set(`at-${serial}`, { scope: scope.split(' '), expiresAt: clock.now + (fake.expiresIn ?? 900) })
    const type = jkt === undefined ? 'Bearer' : 'DPoP'
    return json({ access_token: `at-${serial}`, token_type: type, expires_in: fake.expiresIn ?? 900, scope })
  }

  world.on('GET', `${IDP}/.well-known/openid-configuration`, () =>
    json({ issuer: IDP, authorization_endpoint: `${IDP}/authorize`, token_endpoint: IDP_TOKEN, ...idpMetadata }),
  )
  world.on('POST', IDP_TOKEN, exchange)
  world.on('POST', TOKEN, redeem)
  return {
    ...world,
    jag,
    /** The tokens of persons that the provider believes. */
    accepted,
    /** The claims of every ID-JAG that was redeemed. */
    redeemed,
    exchange,
    redeem,
    exchanges: () => world.sent('POST', IDP_TOKEN),
    redemptions: () => world.sent('POST', TOKEN),
  }
}

/** The session of a host that the company knows. */
export const employeeIn = (
  world: Pick<FakeCompany, 'resource' | 'fetch' | 'now'>,
  options: SessionOptions = {},
  grant: Partial<CrossAppAccessOptions> = {},
) =>
  createSession(world.resource, {
    client: { id: 'acme-notes', secret: 'as-secret', issuer: AS },
    grant: crossAppAccess({
      idp: { issuer: IDP, client: { id: 'notes-at-acme', secret: 'idp-secret' } },
      identity: 'id-token',
      ...grant,
    }),
    dpop: 'off',
    fetch: world.fetch,
    now: world.now,
    ...options,
  })
