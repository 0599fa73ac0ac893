/**
 * `sallyport login`, `logout` and `status`.
 *
 * @module
 */
import type { ClientContext, ClientOptions } from '../context.ts'
import { resourceUrl } from '../resource-url.ts'
import { type SessionOptions, toContext } from '../session/options.ts'
import { createSession } from '../session/session.ts'
import type { LogoutResult } from '../session/sign-out.ts'
import { readHeld } from '../session/state.ts'
import type { Store } from '../stores/store.ts'
import { type Grant, isAlive, toGrant } from '../token/credential.ts'
import { EXIT, type ExitCode, Stop } from './explain.ts'
import type { SessionFlags } from './flags.ts'
import { forget, type KnownSignIn, listKnown } from './known.ts'
import { checkResource, clientOf, openStore, profileOf } from './open.ts'
import { duration, printable } from './output.ts'
import { openAttended, type Surroundings, signInTo } from './perform.ts'
import { createTrace } from './trace.ts'

export interface LoginFlags extends SessionFlags {
  readonly force?: true
}

/** Signs in, unless that was done before. */
export async function login(url: string, flags: LoginFlags, around: Surroundings): Promise<ExitCode> {
  const opened = await openAttended(url, flags, around)
  const { profile, resource } = opened
  const grant = await signInTo(opened, { force: flags.force === true, ...(flags.scope && { scope: flags.scope }) })
  const { note, data, paint } = around.output
  if (flags.json === true) await data(JSON.stringify({ profile, ...toJson(grant) }))
  else note(`${paint.good('Signed in')} to ${resource}\n${indented(describe(grant, nowInSeconds()))}`)
  return EXIT.done
}

export interface LogoutFlags extends SessionFlags {
  readonly all?: true
  readonly forgetClient?: true
}

/** Revokes and deletes, for one resource or for all. */
export async function logout(url: string | undefined, flags: LogoutFlags, around: Surroundings): Promise<ExitCode> {
  if ((url === undefined) === (flags.all === undefined)) {
    throw new Stop(EXIT.usage, 'usage', 'Wanted a URL, or --all.')
  }
  if (url !== undefined) checkResource(url)
  const { note, data } = around.output
  const store = await openStore(flags)
  const known = await listKnown(store)
  const entry = { resource: url ?? '', profile: profileOf(flags), clientId: flags.clientId ?? '' }
  const client = url === undefined ? undefined : await clientOf(flags)
  const results: unknown[] = []
  for (const one of url === undefined ? known : withBearer(entry, known)) {
    const session = createSession(one.resource, plainOptions(one, store, flags, around, client))
    const result = await session.logout({ forgetClient: flags.forgetClient === true })
    await forget(store, { ...one, resource: session.resource })
    results.push({ resource: session.resource, profile: one.profile, ...result })
    if (flags.json !== true && (result.deleted || one === entry))
      note(inWords(`${session.resource}${forWhom(one.profile)}`, result))
  }
  if (flags.json === true) await data(JSON.stringify(results))
  return EXIT.done
}

/** The sign-in for tokens without a key goes with the other. */
const withBearer = (entry: KnownSignIn, known: readonly KnownSignIn[]): readonly KnownSignIn[] => [
  entry,
  ...known.filter(
    ({ resource, profile, clientId }) =>
      resource === entry.resource && clientId === entry.clientId && profile === profileOf({ ...entry, bearer: true }),
  ),
]

const forWhom = (profile: string): string => (profile === 'default' ? '' : ` (${nameOf(profile)})`)

/** A profile as people named it, and what `--bearer` made beside it. */
function nameOf(profile: string): string {
  const own = profile.replace(/\+bearer$/, '')
  const parts = [...(own === 'default' ? [] : [`profile ${own}`]), ...(own === profile ? [] : ['for other programs'])]
  return parts.join(', ')
}

function inWords(resource: string, { revoked, deleted }: LogoutResult): string {
  if (!deleted) return `Not signed in to ${resource}.`
  if (revoked === true) return `Signed out of ${resource}: the tokens were revoked, and deleted here.`
  const why = revoked === 'unsupported' ? 'has no way to revoke tokens' : 'did not confirm the revocation'
  return `Signed out of ${resource}: the tokens were deleted here. The server ${why}.`
}

/** What the store holds; asks no server. */
export async function status(url: string | undefined, flags: SessionFlags, around: Surroundings): Promise<ExitCode> {
  const store = await openStore(flags)
  if (url !== undefined) checkResource(url)
  const resource = url === undefined ? undefined : resourceUrl(url)
  const known = (await listKnown(store)).filter(
    (one) => (resource ?? one.resource) === one.resource && (flags.profile ?? one.profile) === one.profile,
  )
  // A program that shares the store may have signed in.
  const others = resource === undefined ? [] : [{ resource, profile: profileOf(flags), clientId: '' }]
  const looked = known.length === 0 ? others : known
  const found = await Promise.all(
    looked.map((one) => stateOf(toContext(one.resource, plainOptions(one, store, flags, around)))),
  )
  const { data, note } = around.output
  if (flags.json === true) await data(JSON.stringify(found.map(stateToJson)))
  else if (found.length === 0) note('Not signed in anywhere. → sallyport login URL')
  else for (const one of found) await data(`${printable(one.resource)}\n${indented(stateInWords(one))}`)
  return url === undefined || found.some(({ state }) => state !== 'signed-out') ? EXIT.done : EXIT.signIn
}

interface SignInState {
  readonly resource: string
  readonly profile: string
  readonly state: 'ready' | 'refreshable' | 'signed-out'
  readonly grant: Grant | undefined
}

async function stateOf(context: ClientContext): Promise<SignInState> {
  const { resource, profile } = context
  const held = await readHeld(context)
  if (held === undefined) return { resource, profile, state: 'signed-out', grant: undefined }
  const spent = held.refreshToken === undefined ? 'signed-out' : 'refreshable'
  return { resource, profile, state: isAlive(held, context.now()) ? 'ready' : spent, grant: toGrant(held, resource) }
}

const stateToJson = ({ resource, profile, state, grant }: SignInState) => ({
  resource,
  profile,
  state,
  ...(grant && toJson(grant)),
})

function stateInWords({ profile, state, grant }: SignInState): readonly string[] {
  const account = profile === 'default' ? [] : [printable(nameOf(profile))]
  if (grant === undefined || state === 'signed-out') return ['signed out', ...account]
  return [...describe(grant, nowInSeconds()), ...account]
}

function describe({ issuer, scope, tokenType, expiresAt, refreshable }: Grant, now: number): readonly string[] {
  const left = expiresAt === undefined ? undefined : expiresAt - now
  const life =
    left === undefined ? 'token of no stated lifetime' : left > 0 ? `token good for ${duration(left)}` : 'token expired'
  return [
    `at ${printable(issuer)}`,
    `${life}, ${refreshable ? 'renewed by itself' : 'not renewed by itself'}${tokenType === 'DPoP' ? ', bound to a key of this machine (DPoP)' : ''}`,
    `scopes: ${printable(scope.join(' ')) || 'none stated'}`,
  ]
}

const toJson = ({ issuer, clientId, scope, tokenType, expiresAt, refreshable, resource }: Grant) => ({
  resource,
  issuer,
  client_id: clientId,
  scope: scope.join(' '),
  token_type: tokenType,
  ...(expiresAt !== undefined && { expires_at: expiresAt }),
  refreshable,
})

/** For looking and for signing out no more is needed than where things are, whichever way they were obtained. */
function plainOptions(
  { profile, clientId }: KnownSignIn,
  store: Store,
  flags: SessionFlags,
  { output, signal }: Surroundings,
  client?: ClientOptions,
): SessionOptions {
  const trace = flags.trace === true ? createTrace(output.note) : undefined
  return {
    store,
    profile,
    signal,
    timeout: flags.timeout,
    client: client ?? (clientId === '' ? {} : { id: clientId }),
    ...(trace !== undefined && { fetch: trace.fetch, onEvent: trace.onEvent }),
  }
}

const indented = (lines: readonly string[]): string => lines.map((line) => `  ${line}`).join('\n')
const nowInSeconds = (): number => Math.floor(Date.now() / 1000)
