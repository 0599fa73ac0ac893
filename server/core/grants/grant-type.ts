/**
 * A grant type: it says whether what was presented entitles the client, and consumes it. Everything that grants have in common (client
 * authentication, minting) is done by the token endpoint around it and cannot be skipped.
 *
 * @see RFC 6749 section 4 and section 6
 * @module
 */
import type { Actor } from '../../../shared/actor.ts'
import type { Result } from '../../../shared/result.ts'
import type { TokenRequest } from '../../../shared/token-request.ts'
import type { AgentChain } from '../agents.ts'
import type { AuditEntry } from '../audit.ts'
import type { Dependencies } from '../dependencies.ts'
import type { Client, Grant } from '../records.ts'
import type { Rejection } from '../rejection.ts'
import type { Admission, ProofUsed, Sender } from '../sender.ts'
import type { IdJagTarget } from './token-exchange/id-jag-policy.ts'

/** What the client may have now. Whatever may be used once has been consumed for it. */
export interface Entitlement {
  readonly grant: Basis
  /** The resource of the grant, as it is registered now, and who is to use the token. */
  readonly admission: Admission
  readonly proof: ProofUsed
  /** The scopes of the access token. */
  readonly scopes: readonly string[]
  /** Of what was made from a token: the agents behind it. */
  readonly agentChain?: AgentChain
  /** To be told to the client; null: none. */
  readonly refreshToken: string | null
  /** Whether the answer says which resource it is: where the client may have asked for none, or for others too. Left out: it does not. */
  readonly tellResource?: boolean
  /** What it was exchanged for, and who acts; left out: for nothing. */
  readonly exchanged?: Exchanged
  /** What the audit log says of it. */
  readonly entry: AuditEntry
}

/** Of an access token that another was exchanged for. */
export interface Exchanged {
  /** Its id, which carries those that it was made from. `unique`: a random part. */
  readonly id: (unique: string) => string
  readonly act: Actor | undefined
  /** The name of its type, for the answer. */
  readonly type: string
}

/** The client may have an ID-JAG: not a token of ours, but our word for a person, to another authorization server. */
export interface IdJagEntitlement {
  readonly idJag: IdJagTarget
  readonly userId: string
  /** When it ends. */
  readonly grant: Pick<Basis, 'expiresAt'>
  readonly act: Actor | undefined
  /** The key that its bearer must prove; null: none. */
  readonly sender: Sender
  readonly proof: ProofUsed
  readonly entry: AuditEntry
}

/** What an access token rests on: a person's grant, or, without an id, a client that acts for itself. */
export type Basis = Pick<Grant, 'userId' | 'clientId' | 'resource' | 'expiresAt'> & { readonly id: string | null }

/** The token requests by their grant type. */
export type Requests = { readonly [Request in TokenRequest as Request['grant_type']]: Request }

export interface GrantType<Type extends TokenRequest['grant_type'] = TokenRequest['grant_type']> {
  readonly type: Type
  /**
   * Who is asking, by what is presented alone. Only for requests without any client authentication; left out: those have no client, and are
   * refused.
   */
  identify?(request: Requests[Type], deps: Dependencies): Promise<Result<Client, Rejection>>
  authorize(
    request: Requests[Type],
    client: Client,
    sender: Sender,
    deps: Dependencies,
  ): Promise<Result<Entitlement | IdJagEntitlement, Rejection>>
}
