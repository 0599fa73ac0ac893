/**
 * The tables as Kysely sees them. Times are seconds since the epoch; a `Json` column holds JSON as text on both engines.
 *
 * @module
 */
import type { CompiledQuery, Generated, Kysely, QueryResult, Transaction } from 'kysely'
import type { AuditEvent } from '../core/audit.ts'
import type { RasterType } from '../core/client-documents/client-document.ts'
import type { FlowStep } from '../core/flow.ts'
import type { Client, DpopPolicy } from '../core/records.ts'

/** JSON as text: neither engine looks inside, so both behave alike. */
type Json = string

export interface ClientRow {
  id: string
  name: string | null
  redirect_uris: Json
  auth_methods: Json
  secrets: Json
  jwks: Json | null
  jwks_uri: string | null
  grant_types: Json
  response_types: Json
  application_type: Client['applicationType']
  scope: string | null
  scope_ceiling: Json | null
  resource: string | null
  dpop: DpopPolicy
  /** 0 or 1. */
  agent: number
  metadata: Json
  origin: Client['origin']
  issued_at: number
  last_used_at: number | null
  expires_at: number | null
}

export interface RegistrationTokenRow {
  name: string
  hash: string
  created_at: number
  expires_at: number
  uses_left: number | null
}

export interface ClientDocumentRow {
  client_id: string
  document: Json
  /** 0 or 1. */
  pinned: number
  etag: string | null
  fetched_at: number
  fresh_until: number
  kept_until: number
  logo_hash: string | null
  logo_type: RasterType | null
  /** In base64. */
  logo: string | null
}

export interface PublishedKeysRow {
  jwks_uri: string
  jwks: Json
  fetched_at: number
  kept_until: number
}

export interface ResourceRow {
  identifier: string
  position: number
  aliases: Json
  name: string | null
  scopes: Json
  scope_hierarchy: Json
  default_scopes: Json | null
  access_token_lifetime: number | null
  dpop: DpopPolicy
}

export interface GrantRow {
  id: string
  user_id: string
  client_id: string
  resource: string
  scopes: Json
  created_at: number
  expires_at: number
  revoked_at: number | null
}

export interface CodeRow {
  hash: string
  grant_id: string
  redirect_uri: string
  code_challenge: string
  dpop_jkt: string | null
  expires_at: number
  consumed_at: number | null
}

export interface RefreshTokenRow {
  hash: string
  grant_id: string
  created_at: number
  expires_at: number
  consumed_at: number | null
  successor_hash: string | null
  sealed_value: string | null
  dpop_jkt: string | null
}

export interface RevokedTokenRow {
  jti: string
  expires_at: number
}

export interface ReplayRow {
  key_hash: string
  expires_at: number
}

export interface ProofRow {
  expires_at: number
  key_hash: string
}

export interface ConsentRow {
  user_id: string
  client_id: string
  resource: string
  scopes: Json
  granted_at: number
  client_digest: string | null
}

export interface UserRow {
  id: string
  username: string
  /** The name as it is compared. */
  username_key: string
  display_name: string | null
  /** Empty: the person has none. */
  password_hash: string
  created_at: number
  disabled_at: number | null
}

export interface IdentityRow {
  issuer: string
  subject: string
  user_id: string
  linked_at: number
  last_seen_at: number
  sealed_refresh_token: string | null
  check_at: number | null
}

export interface PendingSignInRow {
  hash: string
  browser: string
  provider: string
  request: string | null
  expires_at: number
}

export interface SessionRow {
  hash: string
  user_id: string
  created_at: number
  expires_at: number
  upstream_issuer: string | null
  upstream_subject: string | null
  upstream_sid: string | null
  sealed_id_token: string | null
}

export interface SignInAttemptsRow {
  key_hash: string
  count: number
  ends_at: number
}

export interface SharedLimitRow {
  key: string
  /** With fractions of a second. */
  ends_at: number
}

export interface SigningKeyRow {
  /** 1, 2, 3, ...: whoever inserts a generation first has made the key. */
  generation: number
  kid: string
  algorithm: string
  sealed_jwk: string
  created_at: number
  signs_from: number
}

export interface LeaseRow {
  name: string
  holder: string
  expires_at: number
}

export interface AuditRow {
  /** In the order of insertion. */
  id: Generated<number>
  at: number
  type: AuditEvent['type']
  reason: string | null
  actor: string | null
  user_id: string | null
  client_id: string | null
  resource: string | null
  grant_id: string | null
  scopes: string | null
  agents: string | null
  request_id: string | null
  count: number
}

export interface FlowStepRow {
  /** In the order of insertion. */
  id: Generated<number>
  at: number
  step: FlowStep['step']
  outcome: FlowStep['outcome']
  reason: string | null
  client_id: string | null
  resource: string | null
  attempt: string | null
  grant_id: string | null
  address: string | null
  request_id: string | null
}

export interface Tables {
  clients: ClientRow
  client_documents: ClientDocumentRow
  published_keys: PublishedKeysRow
  registration_tokens: RegistrationTokenRow
  resources: ResourceRow
  grants: GrantRow
  codes: CodeRow
  refresh_tokens: RefreshTokenRow
  revoked_tokens: RevokedTokenRow
  replays: ReplayRow
  proofs: ProofRow
  consents: ConsentRow
  users: UserRow
  identities: IdentityRow
  pending_sign_ins: PendingSignInRow
  sessions: SessionRow
  sign_in_attempts: SignInAttemptsRow
  shared_limits: SharedLimitRow
  signing_keys: SigningKeyRow
  leases: LeaseRow
  audit: AuditRow
  flow_steps: FlowStepRow
  migrations: { name: string; applied_at: number }
}

/** The two database engines. */
export type Engine = 'sqlite' | 'postgres'

/** A transaction on SQLite, which has the database to itself. */
export interface Turn {
  /** Each transaction of a connection has another number. */
  readonly transaction: number
  readonly read: <Row>(query: CompiledQuery<Row>) => readonly Row[]
}

/** A query that has to change a row. On SQLite it may be made when its turn comes; null: it would change none. */
export type Guard = CompiledQuery | ((turn: Turn) => CompiledQuery | null)

/** An open database. */
export interface Database {
  readonly engine: Engine
  readonly db: Kysely<Tables>
  /** Runs a query that is compiled already, by itself. */
  readonly run: <Row>(query: CompiledQuery<Row>) => Promise<QueryResult<Row>>
  /** Runs `guard`, and the others only if it changed a row: all in one transaction. True: it did. */
  readonly runGuarded: (guard: Guard, others: readonly CompiledQuery[]) => Promise<boolean>
  /** Runs the guards until one changes no row, and the others only if each did: all in one transaction. How many of the guards did. */
  readonly runInTurn: (guards: readonly Guard[], others: readonly CompiledQuery[]) => Promise<number>
}

/** The same inside a transaction. */
export interface DatabaseTransaction {
  readonly engine: Engine
  readonly db: Transaction<Tables>
}
