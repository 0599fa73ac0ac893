/**
 * What discovery found, as plain data.
 *
 * @module
 */
import { isForeignResourceMetadata } from '../../shared/foreign-resource-metadata.ts'
import { type ForeignServerMetadata, isForeignServerMetadata } from '../../shared/foreign-server-metadata.ts'
import { type Guard, type Guarded, isNumber, isRecord, isString } from '../../shared/guard.ts'

/** A server's metadata after every check that all grants have in common. What the code flow needs is checked when it begins. */
export type ValidatedServerMetadata = ForeignServerMetadata & { readonly token_endpoint: string }

/** It was checked before it was kept. */
export const isValidatedServerMetadata: Guard<ValidatedServerMetadata> = (value): value is ValidatedServerMetadata =>
  isForeignServerMetadata(value) && isString(value.token_endpoint)

/** The chosen server of a resource, and how that is known. Times in seconds since the epoch. */
export const isDiscovery = isRecord({
  generation: isString,
  /** Where the resource's metadata was found. */
  resourceMetadataUrl: isString,
  resourceMetadata: isForeignResourceMetadata,
  issuer: isString,
  serverMetadata: isValidatedServerMetadata,
  freshUntil: isNumber,
})
export type Discovery = Guarded<typeof isDiscovery>

/** What a 401 or 403 said that discovery and the choice of scopes need. */
export interface ReceivedChallenge {
  readonly resourceMetadataUrl: string | undefined
  /** `undefined`: the challenge named no scope. */
  readonly scope: readonly string[] | undefined
}
