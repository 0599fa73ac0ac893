/**
 * MCP servers that use everything the protocol has, one of each generation of the SDK, as plain request handlers.
 *
 * @module
 */
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListRootsResultSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SetLevelRequestSchema,
  SubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler, inputRequired, Server as ServerV2 } from '@modelcontextprotocol/server'

/** What a server was told, and what can be done to it. */
export interface Everything {
  handle(request: Request): Promise<Response>
  /** Methods and tools in the order in which they were heard. */
  readonly heard: string[]
  /** Resolves once `what` has been heard, maybe long ago. */
  until(what: string): Promise<void>
  /** Tells every client that may listen that the list of tools has changed. */
  toolsChanged(): Promise<void>
  /** As a restart does: sessions are forgotten, streams break off. */
  forget(): Promise<void>
}

const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] })
const schema = { type: 'object' as const }
const TOOLS = ['echo', 'count', 'seen', 'wait', 'sample', 'elicit', 'roots', 'log']
/** One argument of it goes into a header, too. */
const TENANT = { ...schema, properties: { tenant: { type: 'string' as const, 'x-mcp-header': 'Tenant' } } }
const listed = TOOLS.map((name) => ({
  name,
  inputSchema: name === 'echo' ? TENANT : schema,
  _meta: { 'example/kept': name },
}))
const ASKED = {
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'What is it?' } }],
  maxTokens: 10,
}
const FORM = {
  message: 'Which?',
  requestedSchema: { type: 'object' as const, properties: { which: { type: 'string' as const } } },
}

type Journal = ReturnType<typeof createJournal>

function createJournal() {
  const heard: string[] = []
  const news = new EventTarget()
  return {
    heard,
    hear(what: string) {
      heard.push(what)
      news.dispatchEvent(new Event(what))
    },
    until: (what: string): Promise<void> =>
      new Promise((resolve) => {
        if (heard.includes(what)) resolve()
        else news.addEventListener(what, () => resolve(), { once: true })
      }),
  }
}

/** A server with sessions, of the 1.x line: 2025-11-25. */
export function everythingV1(): Everything {
  const sessions = new Map<string, { transport: WebStandardStreamableHTTPServerTransport; server: Server }>()
  const journal = createJournal()
  const { heard, hear, until } = journal

  async function open(): Promise<WebStandardStreamableHTTPServerTransport> {
    const server = serverV1(journal)
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, { transport, server }),
      onsessionclosed: (id) => {
        sessions.delete(id)
        hear('session closed')
      },
    })
    await server.connect(transport)
    return transport
  }

  return {
    heard,
    until,
    async handle(request) {
      const id = request.headers.get('mcp-session-id')
      if (request.method === 'GET') hear('GET')
      if (id === null) return (await open()).handleRequest(request)
      const known = sessions.get(id)
      if (known !== undefined) return known.transport.handleRequest(request)
      return Response.json(
        { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } },
        { status: 404 },
      )
    },
    async toolsChanged() {
      for (const { server } of sessions.values()) await server.sendToolListChanged()
    },
    async forget() {
      const old = [...sessions.values()]
      sessions.clear()
      for (const { transport } of old) await transport.close()
    },
  }
}

function serverV1({ hear, until }: Journal): Server {
  const capabilities = {
    tools: { listChanged: true },
    resources: { subscribe: true },
    prompts: {},
    completions: {},
    logging: {},
  }
  const server = new Server({ name: 'everything', version: '1.0.0' }, { capabilities, instructions: 'Try all of it.' })
  server.oninitialized = () => hear('initialized')
  server.setRequestHandler(ListToolsRequestSchema, () => {
    hear('tools/list')
    return { tools: listed }
  })
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [{ uri: 'note://1', name: 'One' }] }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params: { uri } }) => ({
    contents: [{ uri, text: 'Buy bread' }],
  }))
  server.setRequestHandler(SubscribeRequestSchema, ({ params: { uri } }) => {
    hear(`subscribe ${uri}`)
    server.sendResourceUpdated({ uri })
    return {}
  })
  server.setRequestHandler(ListPromptsRequestSchema, () => ({ prompts: [{ name: 'greet' }] }))
  server.setRequestHandler(GetPromptRequestSchema, ({ params: { name } }) => ({
    messages: [{ role: 'user' as const, content: { type: 'text' as const, text: name } }],
  }))
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: ['bread', 'butter'] } }))
  server.setRequestHandler(SetLevelRequestSchema, ({ params: { level } }) => {
    hear(`level ${level}`)
    return {}
  })
  server.setRequestHandler(CallToolRequestSchema, async ({ params: { name, arguments: args, _meta } }, extra) => {
    hear(name === 'numbered' ? `numbered ${args?.['n']}` : name)
    if (name === 'count') {
      const progressToken = _meta?.progressToken ?? 0
      for (const progress of [1, 2, 3]) {
        await extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken, progress, total: 3 },
        })
      }
      // The SDKs drop progress that comes together with the answer.
      await until('seen')
      return text('3')
    }
    if (name === 'wait') {
      await new Promise<void>((resolve) => extra.signal.addEventListener('abort', () => resolve()))
      hear('cancelled')
      return text('')
    }
    if (name === 'sample') {
      const answer = await extra.sendRequest(
        { method: 'sampling/createMessage', params: ASKED },
        CreateMessageResultSchema,
      )
      return text(answer.content.type === 'text' ? answer.content.text : '')
    }
    if (name === 'elicit') {
      const answer = await extra.sendRequest({ method: 'elicitation/create', params: FORM }, ElicitResultSchema)
      return text(JSON.stringify(answer.content))
    }
    if (name === 'roots') {
      return text(JSON.stringify((await extra.sendRequest({ method: 'roots/list' }, ListRootsResultSchema)).roots))
    }
    if (name === 'log') {
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'warning', data: 'careful' } })
    }
    return { ...text(JSON.stringify(args ?? {})), structuredContent: { ...args }, _meta: { 'example/kept': true } }
  })
  return server
}

/** A server of the 2.x line that speaks 2026-07-28 only. */
export function everythingV2(): Everything & { readonly headers: Headers[] } {
  const journal = createJournal()
  const { heard, until } = journal
  const headers: Headers[] = []
  const handler = createMcpHandler(() => serverV2(journal), { legacy: 'reject' })
  return {
    heard,
    until,
    headers,
    handle(request) {
      headers.push(request.headers)
      return handler.fetch(request)
    },
    toolsChanged: async () => handler.notify.toolsChanged(),
    forget: () => handler.close(),
  }
}

function serverV2({ hear, until }: Journal): ServerV2 {
  const capabilities = { tools: { listChanged: true }, resources: {}, prompts: {} }
  const server = new ServerV2({ name: 'everything', version: '2.0.0' }, { capabilities })
  server.setRequestHandler('tools/list', () => {
    hear('tools/list')
    return { tools: listed }
  })
  server.setRequestHandler('resources/list', () => ({ resources: [{ uri: 'note://1', name: 'One' }] }))
  server.setRequestHandler('resources/read', ({ params: { uri } }) => ({ contents: [{ uri, text: 'Buy bread' }] }))
  server.setRequestHandler('prompts/list', () => ({ prompts: [{ name: 'greet' }] }))
  server.setRequestHandler('prompts/get', ({ params: { name } }) => ({
    messages: [{ role: 'user' as const, content: { type: 'text' as const, text: name } }],
  }))
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args } }, { mcpReq }) => {
    hear(name)
    if (name === 'count') {
      const progressToken = mcpReq._meta?.progressToken ?? 0
      for (const progress of [1, 2, 3]) {
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 3 } })
      }
      await until('seen')
      return text('3')
    }
    if (name === 'wait') {
      await new Promise<void>((resolve) => mcpReq.signal.addEventListener('abort', () => resolve()))
      hear('cancelled')
      return text('')
    }
    if (name === 'elicit' && mcpReq.inputResponses === undefined) {
      return inputRequired({ inputRequests: { one: inputRequired.elicit(FORM) } })
    }
    if (name === 'elicit') return text(JSON.stringify(mcpReq.inputResponses))
    return { ...text(JSON.stringify(args ?? {})), structuredContent: { ...args }, _meta: { 'example/kept': true } }
  })
  return server
}
