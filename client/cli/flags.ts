/**
 * The flags that commands with a session have in common.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { DpopMode } from '../dpop/binding.ts'

/** As Commander gives them. */
export interface SessionFlags {
  readonly scope?: string
  readonly profile?: string
  readonly store: 'file' | 'keychain'
  readonly dpop: DpopMode
  readonly bearer?: true
  readonly clientId?: string
  readonly clientSecretFile?: string
  readonly privateKeyFile?: string
  readonly issuer?: string
  readonly clientMetadataUrl?: string
  readonly clientCredentials?: true
  readonly assertionFile?: string
  readonly device?: true
  /** `--no-browser` makes it `false`. */
  readonly browser: boolean
  readonly callbackPort?: number
  readonly acceptParentResource?: true
  readonly authorizeAtOrigin?: true
  readonly resourceParameter?: string
  readonly header?: Readonly<Record<string, string>>
  readonly timeout: number
  readonly trace?: true
  readonly json?: true
}

const group = (heading: string, ...options: readonly Option[]): readonly Option[] =>
  options.map((option) => option.helpGroup(heading))

/** Which account. */
const ACCOUNT = group(
  'Account:',
  new Option('--profile <name>', 'Which of your accounts at this server. Default: default.'),
  new Option(
    '--store <kind>',
    'Where tokens are kept: files that only you can read, or files that your keychain opens.',
  )
    .choices(['file', 'keychain'])
    .default('file')
    .env('SALLYPORT_STORE'),
)

/** Who asks. */
const CLIENT = group(
  'Client:',
  new Option('--client-id <id>', 'The client id that the authorization server handed out. Default: registers itself.'),
  new Option('--client-secret-file <path>', 'The secret of that client; - reads standard input. Needs --issuer.'),
  new Option('--private-key-file <path>', 'The key of that client, as a JWK (private_key_jwt). Needs --issuer.'),
  new Option('--issuer <url>', 'The authorization server that the client id belongs to.'),
  new Option('--client-metadata-url <url>', 'The client ID metadata document that this program may go by.'),
  new Option('--client-credentials', 'Acts for the client itself, without a person. Needs --client-id.'),
  new Option(
    '--assertion-file <path>',
    'Acts for this program itself: with the JWT of its platform, read each time; - reads standard input. Needs --issuer.',
  ).conflicts('clientCredentials'),
)

/** How to get a token. */
const ASKING = group(
  'Signing in:',
  new Option('--scope <scopes>', 'The scopes to ask for, in one string. Default: what the server says.'),
  new Option('--no-browser', 'Opens none: shows the address, and reads the one where any browser ended up.'),
  new Option('--device', 'Shows a code to be entered on another device.').conflicts([
    'clientCredentials',
    'assertionFile',
  ]),
  new Option('--callback-port <port>', 'The port that the client is registered with. Default: any.').argParser(port),
  new Option('--dpop <mode>', 'Whether tokens are bound to a key of this machine.')
    .choices(['preferred', 'required', 'off'])
    .default('preferred'),
)

/** What a server does otherwise than it is specified. */
const DEVIATIONS = group(
  'Servers that deviate:',
  new Option('--accept-parent-resource', 'Takes the metadata of a parent of the URL for its own.'),
  new Option('--authorize-at-origin', 'Takes the origin of the URL for its authorization server, if it names none.'),
  new Option(
    '--resource-parameter <uri>',
    'Asks for tokens for this resource, or with "omit" for none in particular.',
  ).argParser(resourceParameter),
)

const GENERAL = group(
  'General:',
  new Option('--timeout <seconds>', 'For one answer of an authorization server.').argParser(whole).default(30),
  new Option('--trace', 'Shows every HTTP step on standard error, secrets shortened.'),
)

const JSON_FLAG = group('General:', new Option('--json', 'Writes the result, and errors, as JSON.'))

const SETS = {
  account: ACCOUNT,
  client: CLIENT,
  asking: ASKING,
  deviations: DEVIATIONS,
  json: JSON_FLAG,
  general: GENERAL,
}

/** Adds those of the sets. */
export function addFlags(command: Command, ...sets: readonly (keyof typeof SETS)[]): Command {
  for (const option of sets.flatMap((name) => SETS[name])) command.addOption(option)
  return command
}

/** What a request says of itself, and programs in between with it: wrong values would change what is read as the request. */
const OWN_HEADERS = /^(?:authorization|dpop)$/i
const WIRE_HEADERS = /^(?:connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

/** `name: value`, as often as it is given; a name that comes again has several values. */
export function headerLine(
  line: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, given, text] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):(.*)$/s.exec(line) ?? []
  if (given === undefined || text === undefined) throw new InvalidArgumentError(`${line}: wanted "Name: value".`)
  const [name, value] = [given.toLowerCase(), text.trim()]
  if (OWN_HEADERS.test(name)) throw new InvalidArgumentError(`${given} is what this program sends by itself.`)
  if (WIRE_HEADERS.test(name))
    throw new InvalidArgumentError(`${given} follows from the request, and cannot be chosen.`)
  // RFC 9110 section 5.5: visible characters, spaces and tabs; what is beyond ASCII has no one reading.
  if (!/^[\t\x20-\x7e]*$/.test(value))
    throw new InvalidArgumentError(`${given}: the value has characters that no header can have.`)
  const known = before[name]
  return { ...before, [name]: known === undefined ? value : `${known}, ${value}` }
}

/** As RFC 9110 section 9.1 writes methods. Those with other meanings on the way are refused by every `fetch`. */
export function method(text: string): string {
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text))
    throw new InvalidArgumentError('wanted a method, such as GET, POST or DELETE.')
  if (/^(?:connect|trace|track)$/i.test(text)) throw new InvalidArgumentError(`${text} cannot be sent.`)
  return /^(?:get|head|post|put|patch|delete|options)$/i.test(text) ? text.toUpperCase() : text
}

/** RFC 8707 section 2: an absolute URI without a fragment. */
function resourceParameter(text: string): string {
  if (text === 'omit' || (URL.canParse(text) && !text.includes('#'))) return text
  throw new InvalidArgumentError(`${text}: wanted an absolute URI without a fragment, or omit.`)
}

function port(text: string): number {
  const value = whole(text)
  if (value > 65_535) throw new InvalidArgumentError(`${text}: wanted a port, at most 65535.`)
  return value
}

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value <= 0)
    throw new InvalidArgumentError(`${text}: wanted a whole number above 0.`)
  return value
}
