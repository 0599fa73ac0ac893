/**
 * Values of parameters and headers: some that the server knows, spoiled a little or not, and much that nobody should send.
 *
 * @module
 */
import fc from 'fast-check'

/** In all that is made up. It must not come back. */
export const CANARY = 'Canary7f3aSecret'

/** What the server knows, by name; each world says what it is. */
export const KNOWN = [
  ...['client', 'confidentialClient', 'clientSecret', 'code', 'refreshToken', 'accessToken', 'verifier', 'challenge'],
  ...['redirectUri', 'resource', 'otherResource', 'scope', 'issuer', 'query', 'documentClient', 'digest', 'grant'],
  ...['username', 'password', 'logoClient', 'logoHash', 'signingClient', 'assertion', 'proof', 'address'],
  ...['ownRefreshToken', 'actorToken', 'idJag', 'workloadToken', 'logoutToken', 'upstreamState', 'upstreamCode'],
] as const
export type Known = (typeof KNOWN)[number]

/** Known values are named and not spelled out, so that a case means the same in every world. */
export type Value = { readonly text: string } | { readonly known: Known; readonly spoiled: Spoiled | null }
type Spoiled = { readonly how: 'drop' | 'insert' | 'case' | 'cut' | 'double' | 'pad'; readonly at: number }

/** The value in a world. */
export function resolve(value: Value, known: Readonly<Record<Known, string>>): string {
  if ('text' in value) return value.text
  return value.spoiled === null ? known[value.known] : spoil(known[value.known], value.spoiled)
}

function spoil(text: string, { how, at }: Spoiled): string {
  const place = at % (text.length + 1)
  const [before, after] = [text.slice(0, place), text.slice(place)]
  switch (how) {
    case 'drop':
      return before + after.slice(1)
    case 'insert':
      return before + CANARY + after
    case 'case':
      return before + (after.charAt(0) === after.charAt(0).toUpperCase() ? after.toLowerCase() : after.toUpperCase())
    case 'cut':
      return before
    case 'double':
      return text + text
    case 'pad':
      return ` ${text}\n`
  }
}

/** Any text, with the canary in it. */
export const noise: fc.Arbitrary<string> = fc.oneof(
  fc.constant(CANARY),
  fc.string({ unit: 'binary' }).map((text) => text + CANARY),
  fc.string({ unit: 'grapheme' }).map((text) => CANARY + text),
  fc
    .constantFrom('\0', '\r\nx: ', '%00', '%', '<script>', '"><b>', "' or 1=1 --", '{{7*7}}', '../', '\u202e', '\ufeff')
    .map((text) => `${text}${CANARY}`),
  fc.integer({ min: 1, max: 4000 }).map((times) => CANARY.repeat(times)),
  fc
    .constantFrom('https://', 'http://127.0.0.1/', 'javascript:', 'urn:', '//', 'urn:ietf:params:oauth:')
    .map((scheme) => `${scheme}${CANARY}`),
)

/** Words that mean something somewhere, without the canary. */
const words = fc.constantFrom(
  ...['', ' ', '0', '-1', '1e999', 'null', 'true', '[]', '__proto__', 'constructor', 'code', 'token', 'none', 'login'],
  ...['consent', 'S256', 'plain', 'query', 'fragment', 'authorization_code', 'refresh_token', 'client_credentials'],
  ...[
    'access_token',
    'offline_access',
    'allow',
    'deny',
    'client_secret_basic',
    'private_key_jwt',
    'web',
    'native',
    '2',
  ],
  'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
)

const spoiled: fc.Arbitrary<Spoiled> = fc.record({
  how: fc.constantFrom('drop', 'insert', 'case', 'cut', 'double', 'pad'),
  at: fc.nat({ max: 500 }),
})

/** A good value with something done to it. */
export const loosened = (value: Value): fc.Arbitrary<Value> =>
  'known' in value
    ? spoiled.map((spoiled) => ({ ...value, spoiled }))
    : noise.map((end) => ({ text: value.text + end }))

export const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: noise.map((text) => ({ text })) },
  { weight: 2, arbitrary: words.map((text) => ({ text })) },
  { weight: 4, arbitrary: fc.record({ known: fc.constantFrom(...KNOWN), spoiled: fc.option(spoiled, { freq: 2 }) }) },
)

/** Header values as HTTP can carry them. */
export const headerText: fc.Arbitrary<string> = fc.oneof(
  fc.constant(CANARY),
  fc.stringMatching(/^[\x20-\x7e\xa0-\xff]{0,40}$/).map((text) => text + CANARY),
  fc.integer({ min: 1, max: 600 }).map((times) => CANARY.repeat(times)),
)

export const anyText = fc.oneof(noise, fc.string(), fc.string({ unit: 'binary' }))

/** Text made of the pieces that a grammar knows, in any order. */
export const madeOf = (...pieces: readonly string[]): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: headerText }), {
      maxLength: 20,
    })
    .map((all) => all.join(''))

const piece = (...some: readonly string[]) => fc.constantFrom('', '', ...some)
const host = fc.constantFrom(
  'app.example',
  'localhost',
  '127.0.0.1',
  '[::1]',
  '10.0.0.1',
  '169.254.169.254',
  '[::ffff:127.0.0.1]',
  '0x7f.1',
)

/** URLs, nearly. */
export const url = fc.oneof(
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc
    .tuple(
      fc.constantFrom('https://', 'https://', 'http://', 'HTTPS:', 'com.app:/', 'javascript://'),
      piece('user@', ':secret@', '@', '127.0.0.1:80@'),
      host,
      piece(':80', ':8443', ':', '.', '%00', '\\'),
      piece('/cb', '/../cb', '//', '/%2e%2e', '/ '),
      piece('?x=1', '?', '#', '#x', '\n', '\t'),
    )
    .map((pieces) => pieces.join('')),
  madeOf(
    'http',
    'https',
    ':',
    '/',
    '//',
    '\\',
    '@',
    '#',
    '?',
    '.',
    '%',
    '%2e',
    '127.0.0.1',
    '[::1]',
    '10.0.0.1',
    '0x7f',
    '2130706433',
    'localhost',
    'mcp.example',
    '[::ffff:',
    ']',
    ':80',
    '\t',
    '。',
    'ⓛ',
    'com.app:/',
  ),
  anyText,
)

/** The last character of base64url, which may say more bits than there are bytes. */
export const loose = (text: string): fc.Arbitrary<string> =>
  fc
    .constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=')
    .map((last) => text.slice(0, -1) + last)
