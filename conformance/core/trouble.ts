/**
 * Why there was no answer, in words for a person: every runtime has its own codes for a name that does not resolve or a bad certificate.
 *
 * @module
 */

/** No answer that can be judged: nobody listens, no trust, too slow, too long. The message is one line. */
export class Trouble extends Error {
  override readonly name = 'Trouble'
}

const WORDS: readonly (readonly [RegExp, string])[] = [
  [/timeout|timed out|ETIMEDOUT/i, 'no answer in time'],
  [/ECONNREFUSED|ConnectionRefused|connection refused/i, 'nothing listens there (connection refused)'],
  [/ENOTFOUND|EAI_AGAIN|getaddrinfo|dns error|Name or service not known/i, 'the host name does not resolve'],
  [/CERT_HAS_EXPIRED|certificate has expired|\bexpired\b/i, 'the TLS certificate has expired'],
  [/SELF_SIGNED|self.?signed|CaUsedAsEndEntity/i, 'the TLS certificate is self-signed'],
  [/ALTNAME|NotValidForName|hostname mismatch/i, 'the TLS certificate is for another host name'],
  [
    /UNABLE_TO_(?:VERIFY|GET)|UnknownIssuer|unable to (?:verify|get)/i,
    'the TLS certificate comes from an authority that is not trusted here (or an intermediate certificate is missing)',
  ],
  [
    /ERR_SSL|EPROTO|wrong version|ERR_TLS|InvalidContentType|\bcorrupt message\b|BoringSSL|\btls\b|\bssl\b|certificate/i,
    'TLS fails (is this an http port, or an old protocol version?)',
  ],
  [
    /ECONNRESET|ConnectionClosed|socket|closed|broken pipe|EPIPE|terminated/i,
    'the connection was closed before the answer was complete',
  ],
  [/EHOSTUNREACH|ENETUNREACH|unreachable/i, 'the host cannot be reached'],
  [/ConnectionFailed|FailedToOpenSocket|Unable to connect|ERR_INVALID_URL|fetch failed/i, 'no connection can be made'],
]

/** What kept `fetch` from giving an answer. */
export function explainTrouble(error: unknown, url: string): Trouble {
  const told = describe(error)
  const words = WORDS.find(([pattern]) => pattern.test(told))?.[1] ?? 'no answer'
  return new Trouble(`${originOf(url)}: ${words}`, { cause: error })
}

/** Names, codes and messages of an error and of what caused it. */
function describe(error: unknown, depth = 3): string {
  if (!(error instanceof Error) || depth === 0) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  return [error.name, code, error.message, error.cause === undefined ? '' : describe(error.cause, depth - 1)].join(' ')
}

const originOf = (url: string): string => URL.parse(url)?.origin ?? 'that address'
