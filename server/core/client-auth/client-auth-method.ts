/**
 * A way of client authentication: what it reads from a request, and how it verifies it.
 *
 * @see RFC 6749 section 2.3
 * @module
 */
import type { ClientAuthMethod as MethodName } from '../../../shared/client-metadata.ts'
import type { Result } from '../../../shared/result.ts'
import type { Hash } from '../ports.ts'
import type { Client } from '../records.ts'
import type { Rejection } from '../rejection.ts'

/** The parts of a request that can carry client authentication. */
export interface ClientAuthInput {
  readonly client_id?: string | undefined
  readonly client_secret?: string | undefined
  readonly client_assertion?: string | undefined
  readonly client_assertion_type?: string | undefined
  /** The `Authorization` header. */
  readonly authorization: string | null
}

/** What a method found: who it claims to be, and its proof. */
export interface PresentedClient {
  readonly clientId: string
  readonly verify: (
    client: Client,
    tools: { readonly hash: Hash; readonly now: number },
  ) => Promise<Result<Client, Rejection>>
}

export interface ClientAuthMethod {
  /** The name in metadata. */
  readonly name: MethodName
  /** Null: this method was not used. */
  present(input: ClientAuthInput): Result<PresentedClient, Rejection> | null
}
