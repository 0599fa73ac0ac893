/**
 * What the checks of an authorization server are told, and given.
 *
 * @module
 */
import type { Visit } from '../core/visit.ts'
import type { ClientSource } from './clients.ts'

/** Publishes documents where the server under test can read them, for client ids that are URLs. Paths begin with a slash. */
export interface DocumentHost {
  /** Puts a document at a path. Returns its URL. */
  readonly publish: PublishDocument
  /** At `path` stands a redirect to `target`, where the document of `path` is. Default: what needs it is skipped. */
  readonly publishRedirect?: (path: string, target: string, document: (url: string) => unknown) => Promise<string>
  /** At an http URL of another machine than the server's. Default: what needs it is skipped. */
  readonly publishInsecurely?: PublishDocument
  /** At an address of the server's network that is not public. Default: what needs it is skipped. */
  readonly publishPrivately?: PublishDocument
  /** Whether somebody has read what stands at a path. */
  readonly wasAsked?: (path: string) => boolean
}

/** `document`: what stands there, told the URL at which it will be. */
type PublishDocument = (path: string, document: (url: string) => unknown) => Promise<string>

export interface AuthorizationServerOptions extends ClientSource {
  /** As the server itself spells it. */
  readonly issuer: string
  /** What tokens are asked for (RFC 8707). Default: the first of the metadata's `protected_resources`. */
  readonly resource?: string | undefined
  /** Default: what the resource's metadata or the server's offers first. */
  readonly scope?: string | undefined
  /** A client that may ask about tokens. Default: the one with a secret. */
  readonly introspector?: { readonly id: string; readonly secret: string } | undefined
  /** Default: such that no person is needed, or nothing is done. */
  readonly visit: Visit
  /** Whether a person is asked, so that visits that lead nowhere cost time. */
  readonly isAttended?: boolean
  readonly documents?: DocumentHost | undefined
  /** Lets time pass, as long as it takes for what is short-lived to grow old. Default: nothing is waited for. */
  readonly untilStale?: (() => Promise<void>) | undefined
  /** Seconds since the epoch. */
  readonly now: () => number
}
