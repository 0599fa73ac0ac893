/**
 * Whether tokens are to be bound to a key, and with which algorithm.
 *
 * @see RFC 9449 section 5.1: `dpop_signing_alg_values_supported` of the authorization server
 * @see RFC 9728 section 2: `dpop_signing_alg_values_supported`, `dpop_bound_access_tokens_required` of the resource
 * @module
 */
import type { DpopAlgorithm } from '../../shared/dpop/public-key.ts'
import { canSign, SIGNING } from '../../shared/dpop/signing-key.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { SallyportError } from '../errors.ts'

/**
 * `required`: tokens that are not bound are an error. `preferred`: bound where the authorization server does it. `off`: never.
 */
export type DpopMode = 'required' | 'preferred' | 'off'

export const isDpopMode = (mode: string): mode is DpopMode => /^(?:required|preferred|off)$/.test(mode)

/** What the next token request is to ask for. */
export interface Binding {
  readonly alg: DpopAlgorithm
  /** An answer that is not bound is refused. */
  readonly required: boolean
}

const PREFERENCE = Object.keys(SIGNING).filter(canSign)

/**
 * Decides for a new authorization; `undefined`: Bearer.
 *
 * @throws {SallyportError} `dpop_unavailable` where session or resource insist, and there is no way to do it
 */
export function chooseBinding(
  mode: DpopMode,
  { serverMetadata, resourceMetadata }: Pick<Discovery, 'serverMetadata' | 'resourceMetadata'>,
): Binding | undefined {
  const required = mode === 'required' || resourceMetadata.dpop_bound_access_tokens_required === true
  const atServer = serverMetadata.dpop_signing_alg_values_supported ?? []
  const atResource = resourceMetadata.dpop_signing_alg_values_supported ?? PREFERENCE
  const alg = PREFERENCE.find((one) => atServer.includes(one) && atResource.includes(one))
  if (alg !== undefined && mode !== 'off') return { alg, required }
  if (required) throw new SallyportError('dpop_unavailable')
  return undefined
}
