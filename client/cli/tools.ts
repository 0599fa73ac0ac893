/**
 * `sallyport tools` and `sallyport call`: an MCP server's tools, by hand.
 *
 * @module
 */
import process from 'node:process'
import { text } from 'node:stream/consumers'
import {
  Client,
  INVALID_PARAMS,
  ProtocolError,
  StreamableHTTPClientTransport,
  UrlElicitationRequiredError,
} from '@modelcontextprotocol/client'
import { isNoEndpoint, NO_ENDPOINT, noEndpoint } from '../bridge/no-endpoint.ts'
import { askOnTerminal, elicit } from './elicit.ts'
import { EXIT, type ExitCode, Stop } from './explain.ts'
import type { SessionFlags } from './flags.ts'
import { printable, printableLines } from './output.ts'
import { openAttended, type Surroundings, signingIn } from './perform.ts'
import { packageVersion } from './version.ts'

/** Lists the tools. */
export async function tools(url: string, flags: SessionFlags, around: Surroundings): Promise<ExitCode> {
  const listed = await connected(url, flags, around, (client) => client.listTools())
  const { data, note } = around.output
  if (flags.json === true) await data(JSON.stringify(listed.tools))
  else if (listed.tools.length === 0) note('The server has no tools.')
  else {
    for (const { name, description, inputSchema } of listed.tools) {
      const first = printable((description ?? '').trim().split('\n')[0] ?? '')
      await data(
        [printable(name) + printable(argumentsOf(inputSchema)), ...(first === '' ? [] : [`  ${first}`])].join('\n'),
      )
    }
  }
  return EXIT.done
}

/** Tools take their time, and people who are asked something theirs; Ctrl-C ends it. The longest that a timer can wait, in milliseconds. */
const NO_LIMIT = 2 ** 31 - 1

/** Calls a tool with arguments as JSON; `-` reads them from standard input. */
export async function call(
  url: string,
  name: string,
  json: string | undefined,
  flags: SessionFlags,
  around: Surroundings,
): Promise<ExitCode> {
  const args = parseArguments(json === '-' ? await text(process.stdin) : (json ?? '{}'))
  const onprogress = ({
    progress,
    total,
    message,
  }: {
    progress: number
    total?: number | undefined
    message?: string | undefined
  }): void => {
    const part = total === undefined ? `${progress}` : `${progress}/${total}`
    if (around.output.isAttended)
      around.output.note(around.output.paint.dim(printable(`${part} ${message ?? ''}`.trim())))
  }
  const result = await connected(url, flags, around, (client) =>
    client.callTool({ name, arguments: args }, { onprogress, timeout: NO_LIMIT, signal: around.signal }),
  )
  const { data, isTerminal } = around.output
  if (flags.json === true) await data(JSON.stringify(result))
  else {
    const lines = result.content.map(contentInWords)
    const shown =
      lines.length === 0 && result.structuredContent !== undefined
        ? [JSON.stringify(result.structuredContent, null, 2)]
        : lines
    for (const line of shown) await data(isTerminal ? printableLines(line) : line)
  }
  if (result.isError !== true) return EXIT.done
  throw new Stop(EXIT.answeredError, 'tool_error', `The tool ${printable(name)} reports an error.`)
}

function parseArguments(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // The same as a value of another kind.
  }
  throw new Stop(EXIT.usage, 'usage', 'The arguments of a tool are a JSON object.', `'{"text": "Buy bread"}'`)
}

/** A client of either generation of the protocol, whichever the server speaks. */
async function connected<Value>(
  url: string,
  flags: SessionFlags,
  around: Surroundings,
  work: (client: Client) => Promise<Value>,
): Promise<Value> {
  const opened = await openAttended(url, flags, around)
  const { session } = opened
  return signingIn(opened, around, async () => {
    const client = new Client(
      { name: 'sallyport', version: packageVersion() },
      { versionNegotiation: { mode: 'auto' }, capabilities: { elicitation: { form: {}, url: {} } } },
    )
    const ask = process.stdin.isTTY === true && around.output.isAttended ? askOnTerminal(around.signal) : undefined
    client.setRequestHandler('elicitation/create', ({ params }) =>
      elicit(params, { resource: session.resource, output: around.output, ask }),
    )
    const requestInit = { headers: { ...flags.header } }
    try {
      await client.connect(
        new StreamableHTTPClientTransport(new URL(session.resource), { fetch: session.fetch, requestInit }),
      )
      return await work(client)
    } catch (error) {
      if (isNoEndpoint(error))
        throw new Stop(EXIT.failed, `http_${error.status}`, noEndpoint(error.status), NO_ENDPOINT)
      if (!(error instanceof ProtocolError)) throw error
      const words = printableLines(error.message.replace(/^MCP error -?\d+: /, ''))
      throw new Stop(EXIT.answeredError, `json_rpc_${error.code}`, words, hintFor(error, url))
    } finally {
      await client.close()
    }
  })
}

/** A server may want an address visited before it is asked again; arguments that do not fit can be looked up. */
function hintFor(error: ProtocolError, url: string): string | undefined {
  if (error instanceof UrlElicitationRequiredError)
    return error.elicitations.map(({ message, url: address }) => `${message} ${address}`).join('; ')
  return error.code === INVALID_PARAMS ? `sallyport tools ${url}   (what there is, and what it takes)` : undefined
}

/** `(text, when?)`: what a tool takes, at a glance. */
function argumentsOf({
  properties = {},
  required = [],
}: {
  properties?: object | undefined
  required?: string[] | undefined
}): string {
  const names = Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`))
  return names.length === 0 ? '' : `(${names.join(', ')})`
}

/** Text as it is; of anything else what it is. */
function contentInWords(content: { type: string; [member: string]: unknown }): string {
  if (content.type === 'text') return String(content['text'])
  const size = typeof content['data'] === 'string' ? `, ${Math.ceil((content['data'].length * 3) / 4 / 1024)} kB` : ''
  return `[${content.type} ${String(content['mimeType'] ?? content['uri'] ?? '')}${size}]`.replace(' ]', ']')
}
