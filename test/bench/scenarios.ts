/**
 * The table of scenarios: what is driven, and at most how many floors it may cost.
 *
 * @module
 */
import {
  codeFlow,
  exchanges,
  introspects,
  type MakeUser,
  oidcProvider,
  posts,
  proves,
  reads,
  redeems,
  refreshes,
  sallyport,
} from './users.ts'
import { BASIC, RESOURCE, SCOPE } from './world.ts'

/** The programs that can be under load. */
export type Program =
  | 'floor'
  | 'sqlite'
  | 'command'
  | 'executable'
  | 'postgres'
  | 'oidc-provider'
  | 'resource'
  | 'client'

export interface Scenario {
  /** What `--scenario` looks for. */
  readonly name: string
  readonly program: Program
  /** At most, in floors; null: measured and shown. */
  readonly target: number | null
  /** Virtual users; a path where the program drives itself. */
  readonly load: MakeUser | string
}

const METADATA = '/.well-known/oauth-authorization-server'
const JWKS = '/.well-known/jwks.json'
const CREDENTIALS = { grant_type: 'client_credentials', client_id: 'bench-client', resource: RESOURCE }

const MACHINE = 'client_credentials, client_secret_basic, ES256'
const EXCHANGE = 'token exchange'
const REDEMPTION = 'ID-JAG redemption'
const INTROSPECTION = 'introspection of an access token'
const OWN_TOKEN = { grant_type: 'client_credentials', resource: RESOURCE, scope: SCOPE }
const machine = posts(OWN_TOKEN, '/oauth/token', { authorization: BASIC })

/** What the bare server of the floor is asked for. */
export const FLOOR = posts(CREDENTIALS)

/** What a token endpoint that binds tokens to keys cannot do without. */
export const PROVEN_FLOOR = 'floor and one ES256 verification'
export const BOUND_MACHINE = 'client_credentials, bound by a DPoP proof, ES256'

/** Those of one program follow each other: they share its process. */
export const scenarios: readonly Scenario[] = [
  { name: 'floor', program: 'floor', target: null, load: FLOOR },
  { name: PROVEN_FLOOR, program: 'floor', target: null, load: posts(CREDENTIALS, '/proven') },
  { name: 'refresh with rotation', program: 'sqlite', target: 3.5, load: refreshes(sallyport) },
  { name: 'authorize + code exchange', program: 'sqlite', target: 8, load: codeFlow(sallyport) },
  { name: MACHINE, program: 'sqlite', target: 1.8, load: machine },
  { name: BOUND_MACHINE, program: 'sqlite', target: null, load: proves(OWN_TOKEN) },
  { name: EXCHANGE, program: 'sqlite', target: null, load: exchanges },
  { name: REDEMPTION, program: 'sqlite', target: null, load: redeems },
  { name: INTROSPECTION, program: 'sqlite', target: 1.5, load: introspects(RESOURCE) },
  { name: 'metadata', program: 'sqlite', target: 0.4, load: reads(METADATA) },
  { name: 'JWKS', program: 'sqlite', target: 0.4, load: reads(JWKS) },
  { name: 'refresh with rotation', program: 'command', target: 3.5, load: refreshes(sallyport) },
  { name: 'refresh with rotation', program: 'executable', target: 3.5, load: refreshes(sallyport) },
  { name: 'verify a token seen before', program: 'resource', target: 0.3, load: '/seen' },
  { name: 'verify a token not seen before', program: 'resource', target: 1.5, load: '/unseen' },
  { name: 'verify a DPoP proof, with a token seen before', program: 'resource', target: null, load: '/proofs' },
  { name: 'make a DPoP proof, ES256', program: 'client', target: 1, load: '/proofs' },
  { name: 'refresh with rotation', program: 'postgres', target: null, load: refreshes(sallyport) },
  { name: 'authorize + code exchange', program: 'postgres', target: null, load: codeFlow(sallyport) },
  { name: MACHINE, program: 'postgres', target: null, load: machine },
  { name: BOUND_MACHINE, program: 'postgres', target: null, load: proves(OWN_TOKEN) },
  { name: EXCHANGE, program: 'postgres', target: null, load: exchanges },
  { name: REDEMPTION, program: 'postgres', target: null, load: redeems },
  { name: INTROSPECTION, program: 'postgres', target: null, load: introspects(RESOURCE) },
  { name: 'metadata', program: 'postgres', target: null, load: reads(METADATA) },
  { name: 'JWKS', program: 'postgres', target: null, load: reads(JWKS) },
  {
    name: MACHINE,
    program: 'oidc-provider',
    target: null,
    load: posts({ grant_type: 'client_credentials', scope: 'notes:read' }, '/token', { authorization: BASIC }),
  },
  { name: 'refresh with rotation', program: 'oidc-provider', target: null, load: refreshes(oidcProvider) },
  { name: 'authorize + code exchange', program: 'oidc-provider', target: null, load: codeFlow(oidcProvider) },
  { name: 'metadata', program: 'oidc-provider', target: null, load: reads('/.well-known/openid-configuration') },
]
