/**
 * MCP hosts of both SDK generations that leave authorization to a session: its `fetch` is in their transport.
 *
 * @module
 */
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Session } from '../../client/index.ts'

export interface SessionHost {
  connect(): Promise<void>
  /** What the tool says. */
  call(tool: string): Promise<unknown>
  close(): Promise<void>
}

export function hostV1({ resource, fetch }: Session): SessionHost {
  const client = new ClientV1({ name: 'host', version: '1.0.0' })
  return {
    connect: () => client.connect(new TransportV1(new URL(resource), { fetch })),
    call: async (name) => (await client.callTool({ name })).content,
    close: () => client.close(),
  }
}

/** `mode`: whether it asks the server which version of the protocol to speak. */
export function hostV2({ resource, fetch }: Session, mode: 'legacy' | 'auto' = 'auto'): SessionHost {
  const client = new ClientV2({ name: 'host', version: '1.0.0' }, { versionNegotiation: { mode } })
  return {
    connect: () => client.connect(new TransportV2(new URL(resource), { fetch })),
    call: async (name) => (await client.callTool({ name })).content,
    close: () => client.close(),
  }
}
