/**
 * What discovery found, as plain data.
 *
 * @module
 */
import * as v from 'valibot'
import { AuthorizationServerMetadata } from '../../shared/authorization-server-metadata.ts'
import { ProtectedResourceMetadata } from '../../shared/protected-resource-metadata.ts'

/** A server's metadata after every check that all grants have in common. What the code flow needs is checked when it begins. */
export const ValidatedServerMetadata = v.looseObject({
  ...AuthorizationServerMetadata.entries,
  token_endpoint: v.string(),
})
export type ValidatedServerMetadata = v.InferOutput<typeof ValidatedServerMetadata>

/** The chosen server of a resource, and how that is known. Times in seconds since the epoch. */
export const Discovery = v.object({
  generation: v.string(),
  /** Where the resource's metadata was found. */
  resourceMetadataUrl: v.string(),
  resourceMetadata: ProtectedResourceMetadata,
  issuer: v.string(),
  serverMetadata: ValidatedServerMetadata,
  fetchedAt: v.number(),
  freshUntil: v.number(),
})
export type Discovery = v.InferOutput<typeof Discovery>

/** What a 401 or 403 said that discovery and the choice of scopes need. */
export interface ReceivedChallenge {
  readonly resourceMetadataUrl: string | undefined
  /** `undefined`: the challenge named no scope. */
  readonly scope: readonly string[] | undefined
}
