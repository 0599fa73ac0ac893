/**
 * A URL at which nobody takes messages, in words: the wrong one, or that of a server of before streamable HTTP.
 *
 * @see MCP 2025-11-25, transports, "Backwards Compatibility": 400, 404 or 405 to `initialize`
 * @see docs/adr/0178-servers-of-before-streamable-http.md
 * @module
 */
import { SdkHttpError } from '@modelcontextprotocol/client'

export const isNoEndpoint = (problem: unknown): problem is SdkHttpError =>
  problem instanceof SdkHttpError && (problem.status === 404 || problem.status === 405)

export const noEndpoint = (status: number | undefined): string =>
  `No MCP endpoint answers there (HTTP status ${status} to a POST).`

export const NO_ENDPOINT =
  'Is the URL right? Servers of before streamable HTTP (HTTP with SSE) are not reached: many have a second URL, /mcp beside /sse.'
