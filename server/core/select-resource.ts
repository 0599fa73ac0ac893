/**
 * Which registered resource a request means: exact comparison with the identifier and the declared aliases, no prefixes, no guesses.
 *
 * @see RFC 8707 section 2: `invalid_target`
 * @module
 */
import { ok, type Result } from '../../shared/result.ts'
import type { Resource } from './records.ts'
import { type Rejection, reject } from './rejection.ts'

/** Whether a `resource` value names this resource. */
export const namesResource = (resource: Resource, value: string): boolean =>
  resource.identifier === value || resource.aliases.includes(value)

/** The one resource that is asked for; without a request the only one there is. */
export function selectResource(
  resources: readonly Resource[],
  requested: readonly string[] = [],
): Result<Resource, Rejection> {
  if (requested.length === 0) {
    const [only, ...others] = resources
    return only !== undefined && others.length === 0 ? ok(only) : reject('missing_resource')
  }
  if (!requested.every(isAbsoluteWithoutFragment)) return reject('malformed_resource')
  const named = requested.map((value) => resources.find((resource) => namesResource(resource, value)))
  const first = named[0]
  if (first === undefined || named.includes(undefined)) return reject('unknown_resource')
  return named.every((resource) => resource === first) ? ok(first) : reject('several_resources')
}

function isAbsoluteWithoutFragment(value: string): boolean {
  return !value.includes('#') && URL.canParse(value)
}
