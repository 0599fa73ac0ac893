/**
 * A protected MCP server as an Elysia plugin.
 *
 * @see https://elysiajs.com/essential/plugin.html
 * @module
 */
import { Elysia } from 'elysia'
import type { ProtectedHandler, ProtectedResource } from './protect-resource.ts'

/**
 * Claims the resource's own paths and no others: its endpoint and its well-known documents. Elysia validates and parses nothing
 * on the way, so that it cannot echo a body in an error, and the handler reads the bytes that were judged.
 *
 * @example new Elysia().use(resourcePlugin(notes, (request, authInfo) => transport.handleRequest(request, { authInfo })))
 */
export function resourcePlugin(protectedResource: ProtectedResource, handler: ProtectedHandler) {
  const serve = protectedResource.serve(handler)
  const plugin = new Elysia({ name: 'sallyport-resource', seed: protectedResource.resource })
  for (const path of protectedResource.routes) plugin.all(path, ({ request }) => serve(request), { parse: 'none' })
  return plugin
}
