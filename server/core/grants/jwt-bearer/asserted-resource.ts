/**
 * The one resource that the token of an ID-JAG is for.
 *
 * @see draft-ietf-oauth-identity-assertion-authz-grant-05 (in preparation) section 4.4.1: all that it names must be governed here; a subset may be granted
 * @see RFC 8707 section 2.2
 * @module
 */
import { ok, type Result } from '../../../../shared/result.ts'
import type { Resource } from '../../records.ts'
import { type Rejection, reject } from '../../rejection.ts'
import { namesResource, selectResource } from '../../select-resource.ts'

/** `asserted`: undefined where the issuer names none; `requested`: the parameters of the request. Nothing is guessed. */
export function selectAsserted(
  resources: readonly Resource[],
  asserted: string | readonly string[] | undefined,
  requested: readonly string[] = [],
): Result<Resource, Rejection> {
  const named = asserted === undefined ? null : [asserted].flat()
  const governed = (named ?? []).map((value) => resources.find((resource) => namesResource(resource, value)))
  if (named?.length === 0 || governed.includes(undefined)) return reject('ungoverned_resource')
  const candidates = named === null ? resources : resources.filter((resource) => governed.includes(resource))
  if (requested.length > 0) {
    const wanted = selectResource(resources, requested)
    if (!wanted.ok) return wanted
    return candidates.includes(wanted.value) ? wanted : reject('resource_not_asserted')
  }
  const [only, ...others] = candidates
  return only !== undefined && others.length === 0 ? ok(only) : reject('unclear_resource')
}
