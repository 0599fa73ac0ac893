/**
 * `sallyport token`: an access token for scripts.
 *
 * @see docs/adr/0166-tokens-for-scripts.md
 * @module
 */
import { currentCredential } from '../session/current.ts'
import { toContext, toInteractions } from '../session/options.ts'
import { createState } from '../session/state.ts'
import { type Credential, isAlive, isBound, toGrant } from '../token/credential.ts'
import { EXIT, type ExitCode, Stop } from './explain.ts'
import type { SessionFlags } from './flags.ts'
import type { Opened } from './open.ts'
import { openAttended, type Surroundings, signInTo } from './perform.ts'

/** Prints the token, renewed if need be. One that is bound to a key would be of no use to anybody else. */
export async function token(url: string, flags: SessionFlags, around: Surroundings): Promise<ExitCode> {
  const first = await openAttended(url, flags, around)
  const held = await credentialOf(first)
  if (held !== undefined && !isBound(held)) return print(held, first, flags, around)

  const bearer = await openAttended(url, { ...flags, bearer: true }, around)
  const own = await credentialOf(bearer)
  if (own !== undefined) return print(own, bearer, flags, around)

  const unattended = bearer.options.grant?.unattended === true
  if (!around.output.isAttended && !unattended) throw needed(bearer.resource, held !== undefined)
  if (held !== undefined)
    around.output.note('A token for other programs cannot be bound to a key: it takes a sign-in of its own.')
  await signInTo(bearer)
  const obtained = await credentialOf(bearer)
  if (obtained === undefined) throw needed(bearer.resource, false)
  return print(obtained, bearer, flags, around)
}

function needed(resource: string, isHeld: boolean): Stop {
  const why = isHeld
    ? `The token for ${resource} is bound to a key of this machine (DPoP), so other programs cannot use it.`
    : `Nobody has signed in to ${resource}.`
  const instead = isHeld ? '; or let `sallyport fetch` make the request' : ''
  return new Stop(EXIT.signIn, 'authorization_required', why, `sallyport login ${resource} --bearer${instead}`)
}

async function credentialOf({ options, resource }: Opened): Promise<Credential | undefined> {
  const state = createState(toContext(resource, options), toInteractions(options))
  try {
    const credential = await currentCredential(state)
    return credential !== undefined && isAlive(credential, state.context.now()) ? credential : undefined
  } catch (error) {
    if (error instanceof Error && 'interactive' in error && error.interactive === true) return undefined
    throw error
  }
}

async function print(credential: Credential, { resource }: Opened, { json }: SessionFlags, { output }: Surroundings) {
  const { scope, expiresAt, issuer } = toGrant(credential, resource)
  const access_token = credential.accessToken
  const described = {
    access_token,
    token_type: 'Bearer',
    expires_at: expiresAt,
    scope: scope.join(' '),
    resource,
    issuer,
  }
  await output.data(json === true ? JSON.stringify(described) : access_token)
  return EXIT.done
}
