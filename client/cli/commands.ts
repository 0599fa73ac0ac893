/**
 * The commands of the client side. Only their words are here; what they do is loaded when it is asked for, so that none of them waits for
 * another's libraries.
 *
 * @see docs/adr/0163-one-command-two-sides.md
 * @module
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { LoginFlags, LogoutFlags } from './account.ts'
import type { BridgeFlags } from './bridge.ts'
import type { ExitCode } from './explain.ts'
import type { FetchFlags } from './fetch.ts'
import { addFlags, headerLine, method, type SessionFlags } from './flags.ts'
import type { Surroundings } from './perform.ts'

const MCP = 'https://mcp.example.com/mcp'
const API = 'https://api.example.com/v1'

/** Adds them to `program`. */
export function addSessionCommands(program: Command): void {
  program.commandsGroup('Your side:')
  addLogin(program)
  addLogout(program)
  addStatus(program)
  addToken(program)
  addFetch(program)
  addTools(program)
  addCall(program)
  addBridge(program)
}

function addLogin(program: Command): void {
  const login = create(program, {
    usage: 'login <url>',
    description: 'Signs in, in the browser. From then on every command finds the token.',
    examples: [
      MCP,
      `${MCP} --no-browser   (over SSH: paste the address at which a browser ended up)`,
      `${MCP} --scope "notes:read notes:admin"`,
      `${MCP} --client-credentials --client-id agent-7 --issuer https://as.example.com --private-key-file key.json`,
      `${MCP} --assertion-file /var/run/secrets/tokens/mcp --issuer https://as.example.com`,
    ],
    options: [
      new Option('--force', 'Signs in anew although that was done before.'),
      new Option('--bearer', 'A token for other programs: not bound to a key. Kept beside the other.'),
    ],
  })
  addFlags(login, 'account', 'asking', 'client', 'deviations', 'json', 'general').action(
    (url: string, flags: LoginFlags) =>
      run(url, flags, async (around) => (await import('./account.ts')).login(url, flags, around)),
  )
}

function addLogout(program: Command): void {
  const logout = create(program, {
    usage: 'logout [url]',
    description: 'Revokes the tokens at the server, and deletes them here.',
    examples: [MCP, '--all'],
    options: [
      new Option('--all', 'Signs out everywhere.'),
      new Option('--forget-client', 'Also forgets that this program was registered there.'),
    ],
  })
  addFlags(logout, 'account', 'client', 'json', 'general').action((url: string | undefined, flags: LogoutFlags) =>
    run(url, flags, async (around) => (await import('./account.ts')).logout(url, flags, around)),
  )
}

function addStatus(program: Command): void {
  const status = create(program, {
    usage: 'status [url]',
    description: 'Shows where you are signed in. Asks no server. With a URL the exit code is 3 when you are not.',
    examples: ['', `${MCP} --json`],
  })
  addFlags(status, 'account', 'json', 'general').action((url: string | undefined, flags: SessionFlags) =>
    run(url, flags, async (around) => (await import('./account.ts')).status(url, flags, around)),
  )
}

function addToken(program: Command): void {
  const token = create(program, {
    usage: 'token <url>',
    description:
      'Prints an access token for scripts, renewed if need be. Until it expires it is as good as a password.',
    examples: [MCP, `${MCP} --json | jq .expires_at`],
  })
  addFlags(token, 'account', 'asking', 'client', 'deviations', 'json', 'general').action(
    (url: string, flags: SessionFlags) =>
      run(url, flags, async (around) => (await import('./token.ts')).token(url, flags, around)),
  )
}

function addFetch(program: Command): void {
  const fetch = create(program, {
    usage: 'fetch <url>',
    description: 'Sends one request with authorization, as curl would without. Redirects are shown, not followed.',
    examples: [
      `${API}/me`,
      `${API}/notes -d '{"text": "Buy bread"}' -i`,
      `${API}/notes/7 -X DELETE --fail`,
      `${API}/notes -H "Accept: text/csv" -o notes.csv`,
      `${API}/me --json | jq .body.name`,
    ],
    options: [
      new Option('-X, --request <method>', 'The method. Default: GET, with -d POST.').argParser(method),
      header('A header as "Name: value"; may be repeated.'),
      new Option(
        '-d, --data <data>',
        'The body: as it is, @file, or @- for standard input. JSON goes as JSON, other text as a form.',
      ),
      new Option('-i, --include', 'Writes the status and headers before the body.').conflicts('json'),
      new Option('-o, --output <file>', 'Writes into a file.'),
      new Option('--fail', 'Ends with exit code 6 for a status of 400 or more.'),
      new Option(
        '--resource <url>',
        'The protected resource that the URL belongs to. Default: one that you are signed in to, else the URL.',
      ),
    ],
  })
  addFlags(fetch, 'account', 'asking', 'client', 'deviations', 'json', 'general').action(
    (url: string, flags: FetchFlags) =>
      run(url, flags, async (around) => (await import('./fetch.ts')).fetchUrl(url, flags, around)),
  )
}

const SENT_ALWAYS = 'Sent with every request to the server; may be repeated.'

function addTools(program: Command): void {
  const tools = create(program, {
    usage: 'tools <url>',
    description: 'Lists the tools of an MCP server.',
    examples: [MCP, `${MCP} --json | jq -r ".[].name"`],
    options: [header(SENT_ALWAYS)],
  })
  addFlags(tools, 'account', 'asking', 'client', 'deviations', 'json', 'general').action(
    (url: string, flags: SessionFlags) =>
      run(url, flags, async (around) => (await import('./tools.ts')).tools(url, flags, around)),
  )
}

function addCall(program: Command): void {
  const call = create(program, {
    usage: 'call <url> <tool> [json]',
    description: 'Calls a tool with a JSON object, or with what standard input has (-).',
    examples: [`${MCP} whoami`, `${MCP} notes_add '{"text": "Buy bread"}'`, `${MCP} notes_add - < note.json`],
    options: [header(SENT_ALWAYS)],
  })
  addFlags(call, 'account', 'asking', 'client', 'deviations', 'json', 'general').action(
    (url: string, name: string, json: string | undefined, flags: SessionFlags) =>
      run(url, flags, async (around) => (await import('./tools.ts')).call(url, name, json, flags, around)),
  )
}

const DESKTOP = `
In a host's configuration:
  { "mcpServers": { "notes": { "command": "npx", "args": ["-y", "sallyport", "bridge", "${MCP}"] } } }`

function addBridge(program: Command): void {
  const bridge = create(program, {
    usage: 'bridge <url>',
    description:
      'An MCP server on standard input and output, in front of a protected one: for hosts that know no other.',
    examples: [MCP, `${MCP} --trace 2> bridge.log`],
    options: [
      header(SENT_ALWAYS),
      new Option('--wait <seconds>', 'How long a request of the host waits for somebody to sign in.')
        .argParser(seconds)
        .default(50),
      new Option('--patience <seconds>', 'How long a request of the host is tried again while the server is away.')
        .argParser(seconds)
        .default(45),
    ],
  })
  addFlags(bridge, 'account', 'asking', 'client', 'deviations', 'general')
    .addHelpText('after', DESKTOP)
    .action((url: string, flags: BridgeFlags) =>
      run(url, flags, async (around) => (await import('./bridge.ts')).bridge(url, flags, around)),
    )
}

interface Words {
  readonly usage: string
  readonly description: string
  /** What comes after the command's name. */
  readonly examples: readonly string[]
  /** Beside those that commands have in common. */
  readonly options?: readonly Option[]
}

const EXIT_CODES = `Exit codes: 0 done, 1 failed, 2 the command line is wrong, 3 somebody has to sign in, 4 more scope is needed, 5 try
again later, 6 the server answered with an error, 130 interrupted.`

function create(program: Command, { usage, description, examples, options = [] }: Words): Command {
  const command = program.command(usage).description(description).helpOption('-h, --help', 'Prints this.')
  for (const option of options) command.addOption(option)
  const lines = examples.map((example) => `  sallyport ${command.name()} ${example}`.trimEnd())
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}\n\n${EXIT_CODES}`)
}

const header = (description: string): Option => new Option('-H, --header <line>', description).argParser(headerLine)

/** What timers can count (some 24 days). */
const LONGEST_WAIT = 2_147_483

function seconds(text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new InvalidArgumentError('wanted a number of seconds.')
  return Math.min(value, LONGEST_WAIT)
}

async function run(
  resource: string | undefined,
  flags: Pick<SessionFlags, 'json'>,
  act: (around: Surroundings) => Promise<ExitCode>,
): Promise<void> {
  const { perform } = await import('./perform.ts')
  await perform(resource ?? 'URL', flags, act)
}
