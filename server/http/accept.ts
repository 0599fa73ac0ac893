/**
 * Whether a caller would rather have problem details.
 *
 * @see RFC 9110 section 12.5.1: Accept and its weights
 * @module
 */

/** True when `application/problem+json` is named and not outweighed by `application/json`, which a wildcard may mean too. */
export function prefersProblemJson(accept: string | null): boolean {
  const weights = new Map((accept ?? '').split(',').map(readRange))
  const problem = weights.get('application/problem+json') ?? 0
  const json = weights.get('application/json') ?? weights.get('application/*') ?? weights.get('*/*') ?? 0
  return problem > 0 && problem >= json
}

function readRange(range: string): [type: string, weight: number] {
  const [type = '', ...params] = range.split(';').map((part) => part.trim().toLowerCase())
  const weight = params.find((param) => param.startsWith('q='))
  return [type, weight === undefined ? 1 : Number(weight.slice(2)) || 0]
}
