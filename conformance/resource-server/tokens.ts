/**
 * Tokens to show a resource server: good ones, wherever they come from, and ones that are wrong in one place, for who can sign.
 *
 * @see RFC 9068 section 2
 * @module
 */
import { skip } from '../core/check.ts'
import { once } from '../core/once.ts'
import { createKeys, type Keys, type Members, readJwt, signJws } from '../jose/jws.ts'
import type { About, ResourceServerOptions } from './context.ts'
import type { BoundToken } from './obtain-token.ts'

export interface Tokens {
  /** A good token, bound to keys of ours where only such count. Skips where there is none. */
  readonly token: () => Promise<string>
  /** One with these scopes. */
  readonly tokenWith: (scope: string) => Promise<string>
  /** One with as little scope as can be had. */
  readonly narrowToken: () => Promise<string>
  /** One that is bound to keys of ours. */
  readonly boundToken: () => Promise<BoundToken>
  /** One for another resource. */
  readonly foreignToken: () => Promise<string>
  /** One that is bound to nothing. */
  readonly unboundToken: () => Promise<string>
  /** A token of the signer's, with claims and header over the right ones. Skips where there is no signer. */
  readonly forge: (claims?: Members, header?: Members) => Promise<string>
  /** What our tokens are bound to. */
  readonly proofKeys: () => Promise<Keys>
}

const ours = once(() => createKeys())

interface Surroundings {
  readonly options: ResourceServerOptions
  readonly about: () => Promise<About>
  /** The metadata of the authorization server. */
  readonly server: () => Promise<{ readonly members: Members }>
  /** Whether tokens count with a proof only. */
  readonly isBoundOnly: () => Promise<boolean>
}

export function createTokens({ options, about, server, isBoundOnly }: Surroundings): Tokens {
  const { now, signer, source } = options
  const boundTo = async (claims: Members) => ({ cnf: { jkt: (await ours()).thumbprint }, ...claims })
  const from = () =>
    source ?? skip('there is no token to try: give one (conformance --token), or fetch one (doctor --connect)')

  const forge: Tokens['forge'] = async (claims = {}, header = {}) => {
    if (signer === undefined)
      skip(
        'only who can sign can make such a token: give the private key of the authorization server, if this deployment is made for tests (--signing-key FILE, a JWK with kid)',
      )
    const { issuer, resource, scope } = await about()
    const right = {
      iss: issuer,
      aud: resource,
      sub: 'conformance',
      client_id: 'conformance',
      exp: now() + 300,
      iat: now(),
      jti: crypto.randomUUID(),
      scope,
    }
    const { alg, key, kid } = signer
    const all = { ...right, ...((await isBoundOnly()) ? await boundTo(claims) : claims) }
    return signJws({ typ: 'at+jwt', alg, kid, ...header }, all, key, alg)
  }
  const asked = async (changes: Partial<About> = {}): Promise<string> => {
    const wanted = { ...(await about()), ...changes }
    return (await isBoundOnly()) ? (await from().bound(wanted)).token : from().token(wanted)
  }
  const boundToken = once(async () =>
    signer === undefined ? from().bound(await about()) : { keys: await ours(), token: await forge(await boundTo({})) },
  )
  /** Another resource that the authorization server gives tokens for. */
  const elsewhere = async (resource: string): Promise<string> => {
    const listed = [(await server()).members['protected_resources']].flat()
    const others = listed.filter((one): one is string => typeof one === 'string' && !isSame(one, resource))
    return (
      options.otherResource ??
      others[0] ??
      skip(
        'a token for another resource is needed: name one of the same authorization server (--other-resource), or give its key (--signing-key)',
      )
    )
  }
  const token = once(async () => {
    // The good one is of the same making as the wrong ones: with another, a wrong key would pass for a server that refuses all of these.
    if (signer !== undefined) return forge()
    if (options.token === undefined) return asked()
    return (await isBoundOnly())
      ? skip('the server takes bound tokens only: the key of the one that was given is not known')
      : options.token
  })
  return {
    forge,
    async foreignToken() {
      if (signer !== undefined) return forge({ aud: 'https://other.example/mcp' })
      const { issuer, resource } = await about()
      const token = await from().elsewhere({ issuer, resource: await elsewhere(resource) }, await isBoundOnly())
      const audiences = [readJwt(token)?.claims['aud']].flat()
      return audiences.includes(resource) ? skip('the authorization server gives tokens that are for both') : token
    },
    async narrowToken() {
      if (signer !== undefined) return forge({ scope: undefined })
      return options.token === undefined ? asked({ scope: (await about()).scope?.split(' ')[0] }) : token()
    },
    boundToken,
    proofKeys: async () => (signer === undefined ? (await boundToken()).keys : ours()),
    tokenWith: (scope) => (signer === undefined ? asked({ scope }) : forge({ scope })),
    unboundToken: async () => (signer === undefined ? from().token(await about()) : forge({ cnf: undefined })),
    token,
  }
}

const isSame = (one: string, other: string): boolean => one.replace(/\/$/, '') === other.replace(/\/$/, '')
