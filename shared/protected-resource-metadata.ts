/**
 * Protected resource metadata: what an MCP server says of itself.
 *
 * @see RFC 9728 section 2
 * @see MCP 2026-07-28, authorization server discovery: `authorization_servers` is required
 * @module
 */
import * as v from 'valibot'

export const ProtectedResourceMetadata = v.looseObject({
  resource: v.string(),
  authorization_servers: v.pipe(v.array(v.string()), v.minLength(1)),
  scopes_supported: v.optional(v.array(v.string())),
  bearer_methods_supported: v.optional(v.array(v.string())),
  dpop_signing_alg_values_supported: v.optional(v.array(v.string())),
  dpop_bound_access_tokens_required: v.optional(v.boolean()),
  resource_name: v.optional(v.string()),
  resource_documentation: v.optional(v.string()),
})
export type ProtectedResourceMetadata = v.InferOutput<typeof ProtectedResourceMetadata>
