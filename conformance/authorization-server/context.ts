/**
 * What the checks of an authorization server share: its metadata, clients to ask with, and the steps of a flow, each of which a check can
 * take with one thing changed.
 *
 * @module
 */

import type { Control, createControls } from '../core/controls.ts'
import type { Answer, Form, HeaderRecord, Http } from '../core/http.ts'
import type { Landing } from '../core/visit.ts'
import type { Client, Clients, Credentials } from './clients.ts'
import type { Found } from './locate.ts'
import type { AuthorizationServerOptions } from './options.ts'

/** A code, and all that belongs to it. */
export interface Code {
  readonly value: string
  readonly client: Client
  readonly redirectUri: string
  readonly verifier: string
}

export interface Tokens {
  readonly client: Client
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly answer: Answer
}

/** Parameters over the right ones; `undefined` leaves one out. */
export type Changes = Form

export interface AsContext {
  readonly http: Http
  readonly options: AuthorizationServerOptions
  readonly clients: Clients
  /** Looks for the metadata, and says what was found where. */
  readonly locate: () => Promise<Found>
  /** The metadata. Skips where there are none. */
  readonly metadata: () => Promise<Readonly<Record<string, unknown>>>
  /** A member that is a list of strings, or undefined. */
  readonly listed: (member: string) => Promise<readonly string[] | undefined>
  /** The URL of an endpoint. Skips where the metadata name none. */
  readonly endpoint: (name: EndpointName) => Promise<string>
  /** What is asked for: resource and scope, as far as they are known. */
  readonly wanted: () => Promise<{ readonly resource?: string; readonly scope?: string }>
  readonly authorizationUrl: (changes?: Changes, client?: Client) => Promise<string>
  /** A good authorization request, with changes. */
  readonly authorize: (changes?: Changes, client?: Client) => Promise<Landing>
  /** The same without a person: enough where the request is to be refused. Skips where a person is asked first, and where all are refused. */
  readonly tryAuthorize: (changes: Changes, client?: Client) => Promise<Landing>
  /** Skips where none is given. */
  readonly code: (changes?: Changes, client?: Client) => Promise<Code>
  /** Every code that was given so far. */
  readonly codes: readonly string[]
  readonly redeem: (code: Code, changes?: Changes, headers?: HeaderRecord) => Promise<Answer>
  /** New tokens. Skips where there are none. */
  readonly freshTokens: (changes?: Changes, client?: Client) => Promise<Tokens>
  /** Tokens that several checks look at and none uses up. */
  readonly tokens: () => Promise<Tokens>
  /** Tokens, and who may ask about them: whoever was named, or the client with a secret that they were given to. */
  readonly introspected: () => Promise<{ readonly tokens: Tokens; readonly credentials: Credentials }>
  readonly refresh: (tokens: Tokens, changes?: Changes, headers?: HeaderRecord) => Promise<Answer>
  /** New tokens with a refresh token among them. */
  readonly refreshable: () => Promise<Tokens & { readonly refreshToken: string }>
  /** One that a file of checks makes for itself. */
  readonly control: ReturnType<typeof createControls>
  /** A good authorization request is welcome. */
  readonly authorizes: Control
  /** A code is exchanged. */
  readonly redeems: Control
  /** A refresh token is exchanged. */
  readonly refreshes: Control
  /** The token endpoint tells one wrong request from another. Needs nobody. */
  readonly discerns: Control
}

export type EndpointName =
  | 'authorization_endpoint'
  | 'token_endpoint'
  | 'registration_endpoint'
  | 'revocation_endpoint'
  | 'introspection_endpoint'
  | 'jwks_uri'

/** RFC 9126 section 5. */
export const PUSHED_ONLY = 'require_pushed_authorization_requests'

export const VERIFIER = 'conformance-verifier-conformance-verifier-43'
export const STATE = 'State with + & = % and Capitals'

/** Null: it does not lead back with one. */
export const codeIn = (landing: Landing): string | null =>
  landing.kind === 'callback' ? landing.url.searchParams.get('code') : null

/** Back with a code, or at a page that asks a person. */
export const isWelcome = (landing: Landing): boolean => landing.kind === 'page' || codeIn(landing) !== null

/** The tokens in an answer, if it is one. */
export function toTokens(client: Client, answer: Answer): Tokens | undefined {
  const { access_token: accessToken, refresh_token: refreshToken } = answer.json
  if (answer.status !== 200 || typeof accessToken !== 'string') return undefined
  return { client, accessToken, refreshToken: typeof refreshToken === 'string' ? refreshToken : undefined, answer }
}

export function whyNoCode(landing: Landing): string {
  if (landing.kind === 'page') {
    return 'the server waits for a person to sign in: open a browser (--browser), or start the server such that none is needed (--dev-login)'
  }
  if (landing.kind === 'refused')
    return `the authorization request is refused: ${landing.answer?.summary ?? 'no answer came'}`
  return `the authorization request is refused: ${landing.url.searchParams.get('error') ?? 'no code came'}`
}
