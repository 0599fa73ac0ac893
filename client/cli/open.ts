/**
 * A session as the flags describe it.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import process from 'node:process'
import { text } from 'node:stream/consumers'
import * as v from 'valibot'
import { JWT_BEARER_GRANT } from '../../shared/grant-names.ts'
import type { ClientCompat, ClientOptions, Fetch } from '../context.ts'
import { clientCredentials } from '../grants/client-credentials.ts'
import { deviceCode } from '../grants/device-code.ts'
import { workloadIdentity } from '../grants/workload-identity.ts'
import type { Interaction } from '../interactions/interaction.ts'
import { fileStore } from '../node/file-store.ts'
import { resourceUrl } from '../resource-url.ts'
import type { SessionOptions } from '../session/options.ts'
import { createSession, type Session } from '../session/session.ts'
import type { Store } from '../stores/store.ts'
import { type PrivateJwk, privateKeyJwt } from '../token/private-key-jwt.ts'
import { EXIT, Stop } from './explain.ts'
import type { SessionFlags } from './flags.ts'
import { createTrace } from './trace.ts'

/** What a command works with. */
export interface Opened {
  readonly session: Session
  readonly store: Store
  readonly profile: string
  readonly resource: string
  /** What the session was made of, for commands that look behind it. */
  readonly options: SessionOptions & { readonly store: Store; readonly profile: string }
  /** For requests beside the session's, traced like them. */
  readonly fetch: Fetch
}

export interface OpenOptions {
  readonly signal: AbortSignal
  readonly interaction: readonly Interaction[]
  /** Where the trace goes, if one is wanted. */
  readonly note: (line: string) => void
}

/**
 * @throws {Stop} for a URL that is no resource's, and flags that contradict each other
 * @throws {SallyportError} `configuration`
 */
export async function open(url: string, flags: SessionFlags, given: OpenOptions): Promise<Opened> {
  checkResource(url)
  if (flags.bearer === true && flags.dpop === 'required') {
    throw new Stop(
      EXIT.usage,
      'usage',
      'A token for other programs cannot be bound to a key: leave --dpop required out.',
    )
  }
  const trace = flags.trace === true ? createTrace(given.note) : undefined
  const fetch: Fetch = trace?.fetch ?? ((input, init) => globalThis.fetch(input, init))
  const store = await openStore(flags)
  const profile = profileOf(flags)
  const options = {
    client: await clientOf(flags),
    store,
    profile,
    interaction: given.interaction,
    dpop: flags.bearer === true ? 'off' : flags.dpop,
    timeout: flags.timeout,
    signal: given.signal,
    fetch,
    compat: compatOf(flags),
    ...(trace !== undefined && { onEvent: trace.onEvent }),
    ...(flags.scope !== undefined && { scope: flags.scope }),
    ...grantOf(flags),
  } as const
  const session = createSession(url, options)
  return { session, store, profile, resource: session.resource, options, fetch }
}

/** @throws {Stop} for a URL that no tokens may be sent to */
export function checkResource(url: string): void {
  try {
    resourceUrl(url)
  } catch {
    const wanted = 'wanted an https URL, or http on this machine, without user name and fragment.'
    throw new Stop(EXIT.usage, 'usage', `${url} is no URL of a protected server: ${wanted}`)
  }
}

/** The store that the flags name. */
export async function openStore({ store }: Pick<SessionFlags, 'store'>): Promise<Store> {
  if (store === 'file') return fileStore()
  const { keychainStore } = await import('../keychain/keychain-store.ts')
  return keychainStore()
}

/**
 * The profile in the store. Tokens of a machine's own must not be taken for what a person has granted, nor one that is bound to a key be
 * replaced by one that is not.
 */
export function profileOf({ profile, bearer, ...flags }: Partial<SessionFlags>): string {
  const own = profile ?? unattendedGrant(flags) ?? 'default'
  return bearer === true ? `${own}+bearer` : own
}

const unattendedGrant = ({ clientCredentials, assertionFile }: Partial<SessionFlags>): string | undefined => {
  if (assertionFile !== undefined) return JWT_BEARER_GRANT
  return clientCredentials === true ? 'client_credentials' : undefined
}

function grantOf({
  clientCredentials: machine,
  assertionFile,
  issuer,
  device,
}: SessionFlags): Pick<SessionOptions, 'grant'> {
  if (machine === true) return { grant: clientCredentials() }
  if (assertionFile === undefined) return device === true ? { grant: deviceCode() } : {}
  if (issuer === undefined) {
    throw new Stop(EXIT.usage, 'usage', '--assertion-file needs --issuer: no other server gets to see the assertion.')
  }
  return { grant: workloadIdentity({ issuer, assertion: async () => (await read(assertionFile)).trim() }) }
}

const compatOf = ({ acceptParentResource, authorizeAtOrigin, resourceParameter }: SessionFlags): ClientCompat => ({
  ...(acceptParentResource !== undefined && { acceptParentResource }),
  ...(authorizeAtOrigin !== undefined && { authorizeAtOrigin }),
  ...(resourceParameter !== undefined && { resourceParameter }),
})

/** Who the client is, as the flags say. */
export async function clientOf(flags: SessionFlags): Promise<ClientOptions> {
  const { clientId, issuer, clientMetadataUrl, clientSecretFile, privateKeyFile, callbackPort } = flags
  const secret = clientSecretFile === undefined ? undefined : (await read(clientSecretFile)).trim()
  const key = privateKeyFile === undefined ? undefined : parseKey(await read(privateKeyFile), privateKeyFile)
  return {
    name: 'Sallyport CLI',
    softwareId: 'sallyport-cli',
    ...(clientId !== undefined && { id: clientId }),
    ...(issuer !== undefined && { issuer }),
    ...(clientMetadataUrl !== undefined && { metadataUrl: clientMetadataUrl }),
    ...(secret !== undefined && { secret }),
    ...(key !== undefined && { auth: privateKeyJwt(key) }),
    ...(callbackPort !== undefined && { redirectUris: [`http://127.0.0.1:${callbackPort}/callback`] }),
  }
}

async function read(path: string): Promise<string> {
  try {
    return path === '-' ? await readInput() : await readFile(path, 'utf8')
  } catch {
    throw new Stop(EXIT.usage, 'usage', `${path} cannot be read.`)
  }
}

/** It comes once, and commands may open several sessions. */
let input: Promise<string> | undefined
function readInput(): Promise<string> {
  input ??= text(process.stdin)
  return input
}

const optional = v.exactOptional(v.string())
const Jwk = v.object({
  kty: v.string(),
  kid: optional,
  alg: optional,
  crv: optional,
  x: optional,
  y: optional,
  d: optional,
  n: optional,
  e: optional,
  p: optional,
  q: optional,
  dp: optional,
  dq: optional,
  qi: optional,
})

function parseKey(content: string, path: string): PrivateJwk {
  try {
    return v.parse(Jwk, JSON.parse(content))
  } catch {
    // The same as a key of the wrong kind.
  }
  throw new Stop(EXIT.usage, 'usage', `${path} holds no private key as a JWK.`)
}
