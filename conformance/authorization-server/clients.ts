/**
 * Clients to ask with: one that was given, or ones that register themselves.
 *
 * @module
 */
import { Skip, skip } from '../core/check.ts'
import type { Answer, Form, HeaderRecord, Http } from '../core/http.ts'
import { once } from '../core/once.ts'
import { Trouble } from '../core/trouble.ts'

export interface ClientSource {
  /** A client that is registered already. Without one the checks register their own. */
  readonly client?: {
    readonly id: string
    readonly secret?: string | undefined
    /** Default: `client_secret_basic` where there is a secret. */
    readonly method?: ClientMethod | undefined
  }
  /** Where answers are sent; registered for `client`, if that is given. */
  readonly redirectUri: string
}

export type ClientMethod = 'none' | 'client_secret_basic' | 'client_secret_post'

export interface Client {
  readonly id: string
  readonly secret: string | undefined
  readonly method: ClientMethod
  readonly redirectUri: string
  readonly credentials: Credentials
}

/** What says in a request who the client is. */
export interface Credentials {
  readonly form: Form
  readonly headers: HeaderRecord
}

export interface Clients {
  /** Whom most checks ask with: the one that was given, else a public one that registered itself. */
  readonly main: () => Promise<Client>
  /** Another one of the same kind. */
  readonly other: () => Promise<Client>
  /** One with a secret, shown in this way; by default in one that the server lists. */
  readonly confidential: (method?: ClientMethod) => Promise<Client>
  /** Registers; the answer, whatever it is. */
  readonly register: (metadata?: Readonly<Record<string, unknown>>) => Promise<Answer>
  /** What is sent to register a public client. */
  readonly metadataOf: (method?: ClientMethod) => Promise<Readonly<Record<string, unknown>>>
}

interface Surroundings {
  readonly http: Http
  readonly source: ClientSource
  readonly listed: (member: string) => Promise<readonly string[] | undefined>
  readonly endpoint: (name: 'registration_endpoint') => Promise<string>
}

export function createClients({ http, source, listed, endpoint }: Surroundings): Clients {
  const { client: given, redirectUri } = source

  const metadataOf: Clients['metadataOf'] = async (method = 'none') => {
    const grants = (await listed('grant_types_supported')) ?? ['authorization_code']
    return {
      client_name: 'Conformance check',
      redirect_uris: [redirectUri],
      grant_types: ['authorization_code', 'refresh_token'].filter((grant) => grants.includes(grant)),
      response_types: ['code'],
      token_endpoint_auth_method: method,
      application_type: 'native',
    }
  }
  const register: Clients['register'] = async (metadata = {}) =>
    http.postJson(await endpoint('registration_endpoint'), metadata)

  const registered = async (method: ClientMethod): Promise<Client> => {
    const answer = await register(await metadataOf(method)).catch(onceTold)
    const { client_id: id, client_secret: secret } = answer.json
    if (answer.status > 201 || typeof id !== 'string')
      skip(`no client can be registered: ${answer.summary}. Name one that is (--client-id)`)
    return createClient(id, typeof secret === 'string' ? secret : undefined, method, redirectUri)
  }

  const main = once(async () =>
    given === undefined
      ? registered('none')
      : createClient(given.id, given.secret, given.method ?? defaultMethod(given.secret), redirectUri),
  )
  return {
    main,
    other: once(() => registered('none')),
    confidential: async (wanted) => {
      const first = given === undefined ? undefined : await main()
      if (first !== undefined && first.method === (wanted ?? first.method) && first.method !== 'none') return first
      const methods = (await listed('token_endpoint_auth_methods_supported')) ?? ['client_secret_basic']
      const method = wanted ?? WITH_SECRET.find((one) => methods.includes(one)) ?? 'client_secret_basic'
      if (!methods.includes(method)) skip(`the metadata do not list ${method}`)
      const client = await registered(method)
      return client.secret === undefined ? skip(`no client with ${method} can be registered`) : client
    },
    register,
    metadataOf,
  }
}

/** That nobody answers there is for the check of registration to say. */
function onceTold(error: unknown): never {
  throw error instanceof Trouble && error.answer === undefined
    ? new Skip(`no client can be registered: ${error.message}`)
    : error
}

const WITH_SECRET = ['client_secret_basic', 'client_secret_post'] as const

const defaultMethod = (secret: string | undefined): ClientMethod =>
  secret === undefined ? 'none' : 'client_secret_basic'

export const createClient = (
  id: string,
  secret: string | undefined,
  method: ClientMethod,
  redirectUri: string,
): Client => ({ id, secret, method, redirectUri, credentials: credentialsOf(id, secret, method) })

/** How a client says who it is; with another secret, or by another method, too. */
export function credentialsOf(id: string, secret: string | undefined, method: ClientMethod): Credentials {
  if (method === 'client_secret_basic') return { form: {}, headers: basic(id, secret ?? '') }
  if (method === 'client_secret_post') return { form: { client_id: id, client_secret: secret }, headers: {} }
  return { form: { client_id: id }, headers: {} }
}

/** RFC 6749 section 2.3.1: both parts are form-encoded first. */
function basic(id: string, secret: string): HeaderRecord {
  const encode = (part: string): string => String(new URLSearchParams({ part })).slice('part='.length)
  return { authorization: `Basic ${btoa(`${encode(id)}:${encode(secret)}`)}` }
}
