/**
 * The `resource` parameter: the protected resource that a token is for. The only parameter that may be repeated.
 *
 * @see RFC 8707 section 2
 * @module
 */
import * as v from 'valibot'

/** One value, or several; always an array once parsed. Which of them exist is the authorization server's business. */
export const ResourceParameter = v.pipe(
  v.union([v.string(), v.array(v.string())]),
  v.transform((value): readonly string[] => (typeof value === 'string' ? [value] : value)),
)
export type ResourceParameter = v.InferOutput<typeof ResourceParameter>
