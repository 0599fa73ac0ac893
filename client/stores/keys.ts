/**
 * The keys of a store. Everything is bound to what it is good for, so that nothing can be used elsewhere by accident.
 *
 * @see MCP 2026-07-28, authorization server binding: registration state per issuer
 * @module
 */
import { type ClientOptions, configuredId } from '../context.ts'

const key = (kind: string, ...parts: readonly string[]): string => `${kind}:${JSON.stringify(parts)}`

/** Who a credential belongs to. */
export interface CredentialOwner {
  readonly resource: string
  readonly issuer: string
  readonly clientId: string
  readonly profile: string
}

/** Tokens: per resource, issuer, client and profile. */
export const credentialKey = (owner: CredentialOwner): string =>
  key('credential', owner.resource, owner.issuer, owner.clientId, owner.profile)

/** How long to leave the server of a credential alone: for every process that shares the store. */
export const pauseKey = (credential: string): string => key('pause', credential)

/** Who registers. */
interface Registrant {
  readonly profile: string
  readonly grant: { readonly name: string } | undefined
  readonly client: { readonly agent?: true }
}

/**
 * A dynamic registration: per issuer and profile, shared by the resources behind that issuer; of its own for a grant other than the code, and for
 * an agent.
 */
export const registrationKey = (issuer: string, { profile, grant, client }: Registrant): string =>
  key(client.agent ? 'agent' : 'registration', issuer, profile, ...(grant === undefined ? [] : [grant.name]))

/** Whose session it is. A configured client id or document has records of its own. */
interface SessionOwner {
  readonly resource: string
  readonly profile: string
  readonly client: ClientOptions
}

const sessionKey = (kind: string, { resource, profile, client }: SessionOwner): string =>
  key(kind, resource, profile, configuredId(client) ?? '')

/** Which issuer and client a session of this resource used last. */
export const selectionKey = (owner: SessionOwner): string => sessionKey('selection', owner)

/** What discovery found: public data, per resource and configured client. */
export const discoveryKey = (owner: SessionOwner): string => sessionKey('discovery', owner)

/** A pending flow: per `state`. */
export const flowKey = (state: string): string => key('flow', state)
