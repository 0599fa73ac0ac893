/**
 * Why there was no answer, in words for a person, with what to do about it: every runtime has its own codes for a name that does not
 * resolve or a bad certificate.
 *
 * @module
 */
import type { Answer } from './http.ts'

/** No answer that can be judged: nobody listens, no trust, too slow, too long, too often. The message is one line. */
export class Trouble extends Error {
  override readonly name = 'Trouble'
  /** What the operator of the server, or the person at the keyboard, can do. */
  readonly mend: string
  /** What was answered, if anything was. */
  readonly answer: Answer | undefined

  constructor(message: string, { mend, answer, cause }: { mend: string; answer?: Answer; cause?: unknown }) {
    super(message, { cause })
    this.mend = mend
    this.answer = answer
  }
}

const CERTIFICATE =
  'Install a certificate for this host name, with its intermediate certificates. For an authority of your own, set NODE_EXTRA_CA_CERTS to its certificate.'

const WORDS: readonly (readonly [pattern: RegExp, words: string, mend: string])[] = [
  [
    /timeout|timed out|ETIMEDOUT/i,
    'no answer in time',
    'See whether the server runs and a firewall lets requests through; wait longer with --timeout.',
  ],
  [
    /ECONNREFUSED|ConnectionRefused|connection refused/i,
    'nothing listens there (connection refused)',
    'Start the server, or look at host and port.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|getaddrinfo|dns error|Name or service not known/i,
    'the host name does not resolve',
    'Look at the spelling of the host name, and at its DNS record.',
  ],
  [/CERT_HAS_EXPIRED|certificate has expired|\bexpired\b/i, 'the TLS certificate has expired', CERTIFICATE],
  [/SELF_SIGNED|self.?signed|CaUsedAsEndEntity/i, 'the TLS certificate is self-signed', CERTIFICATE],
  [/ALTNAME|NotValidForName|hostname mismatch/i, 'the TLS certificate is for another host name', CERTIFICATE],
  [
    /UNABLE_TO_(?:VERIFY|GET)|UnknownIssuer|unable to (?:verify|get)/i,
    'the TLS certificate comes from an authority that is not trusted here (or an intermediate certificate is missing)',
    CERTIFICATE,
  ],
  [
    /Malformed_HTTP|HPE_|not match the HTTP|InvalidHTTPResponse/i,
    'what answers there does not speak HTTP',
    'Look at the port: something else listens there. Where it speaks TLS, say https.',
  ],
  [
    /ERR_SSL|EPROTO|wrong version|ERR_TLS|InvalidContentType|\bcorrupt message\b|BoringSSL|\btls\b|\bssl\b|certificate/i,
    'TLS fails (is this an http port, or an old protocol version?)',
    'Serve TLS 1.2 or later at this port, or say http where it is http.',
  ],
  [
    /ECONNRESET|ConnectionClosed|socket|closed|broken pipe|EPIPE|terminated/i,
    'the connection was closed before the answer was complete',
    'Look at the log of the server and of the proxies before it: one of them hung up. Where https is asked of an http port, say http.',
  ],
  [
    /EHOSTUNREACH|ENETUNREACH|unreachable/i,
    'the host cannot be reached',
    'See whether there is a way to this network from here.',
  ],
  [
    /ConnectionFailed|FailedToOpenSocket|Unable to connect|ERR_INVALID_URL|fetch failed/i,
    'no connection can be made',
    'Look at host, port and scheme, and whether the server runs.',
  ],
]

/** What kept `fetch` from giving an answer. */
export function explainTrouble(error: unknown, url: string): Trouble {
  const told = describe(error)
  const [, words, mend] = WORDS.find(([pattern]) => pattern.test(told)) ?? [
    undefined,
    'no answer',
    'See whether the server runs, and whether it can be reached from here.',
  ]
  return new Trouble(`${originOf(url)}: ${words}`, { mend, cause: error })
}

/** Names, codes and messages of an error and of what caused it. */
function describe(error: unknown, depth = 3): string {
  if (!(error instanceof Error) || depth === 0) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  return [error.name, code, error.message, error.cause === undefined ? '' : describe(error.cause, depth - 1)].join(' ')
}

export const originOf = (url: string): string => URL.parse(url)?.origin ?? 'that address'
