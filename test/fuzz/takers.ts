/**
 * Every function that takes a text of strangers and needs no server for it, as a call with nothing else of theirs.
 *
 * @module
 */
import { readClientId } from '../../server/core/authorize/client-known.ts'
import { checkDpopJkt } from '../../server/core/authorize/dpop-jkt.ts'
import { checkPrompt } from '../../server/core/authorize/prompt.ts'
import { checkRedirectUri } from '../../server/core/authorize/redirect-uri-registered.ts'
import { checkScope } from '../../server/core/authorize/scope-allowed.ts'
import { excessOf } from '../../server/core/bounds.ts'
import { isMark, recordedName } from '../../server/core/claimed.ts'
import { readAssertion } from '../../server/core/client-auth/client-assertion.ts'
import { equalInConstantTime } from '../../server/core/client-auth/equal-in-constant-time.ts'
import { checkClientId } from '../../server/core/client-documents/policy.ts'
import { rasterType } from '../../server/core/client-documents/raster-image.ts'
import { attemptOf } from '../../server/core/flow.ts'
import { readIdJag } from '../../server/core/grants/jwt-bearer/check-id-jag.ts'
import { readHeader } from '../../server/core/grants/jwt-bearer/read-assertion.ts'
import { narrowScopes } from '../../server/core/grants/token-exchange/exchanged-scopes.ts'
import { isAccessTokenType } from '../../server/core/grants/token-exchange/presented-token.ts'
import { addressIn, networkOf } from '../../server/core/network.ts'
import { whoAsksBehind } from '../../server/core/proxies.ts'
import { isApprovedRedirect, isLocalOrApproved } from '../../server/core/registration/approved-redirect.ts'
import { readInitialAccessToken } from '../../server/core/registration/initial-access-token.ts'
import { checkSoftwareStatement } from '../../server/core/registration/software-statement.ts'
import { ancestryOf, exchangesOf, grantOfAccessToken, stemOf } from '../../server/core/tokens/access-token-id.ts'
import { prefersProblemJson } from '../../server/http/accept.ts'
import { routeBelow } from '../../server/http/below-issuer.ts'
import { usernameFrom } from '../../server/login/oidc/account.ts'
import { wantsAnew } from '../../server/login/oidc/begin.ts'
import { toTarget } from '../../server/outbound/target.ts'
import { resourceName } from '../../server/pages/consent-page.ts'
import { isCsrfToken, isForeignPost } from '../../server/pages/csrf.ts'
import { displayText } from '../../server/pages/display-text.ts'
import { authorizeLink, signInLink } from '../../server/pages/links.ts'
import { readPage } from '../../server/pages/page-number.ts'
import { describePublisher } from '../../server/pages/publisher.ts'
import { readSessionCookie } from '../../server/pages/session-cookie.ts'
import { applicationName } from '../../server/pages/sign-in-page.ts'
import { includesAudience } from '../../server/resource/audience.ts'
import { readCredentials } from '../../server/resource/credentials.ts'
import { parseJws } from '../../server/resource/jws.ts'
import { isAllowedOrigin } from '../../server/resource/origin.ts'
import { readOperations, requiredScopes } from '../../server/resource/required-scopes.ts'
import { client, resource } from '../../server/store/conformance/records.ts'
import { digest, hash } from '../../server/store/hash.ts'
import { classifyAddress } from '../../shared/address-class.ts'
import { readAddressRange } from '../../shared/address-range.ts'
import { decodeBase64url, decodeJsonObject } from '../../shared/base64url.ts'
import { findChallenge, parseChallenges } from '../../shared/challenge.ts'
import { checkClientDocument } from '../../shared/client-id-metadata-document.ts'
import { checkClientIdUrl, looksLikeUrl } from '../../shared/client-id-url.ts'
import { readDeviceAuthorization } from '../../shared/device-authorization.ts'
import { readDpopHeader } from '../../shared/dpop/proof.ts'
import { proofUrl } from '../../shared/dpop/proof-url.ts'
import { isDpopAlgorithm } from '../../shared/dpop/public-key.ts'
import { canSign } from '../../shared/dpop/signing-key.ts'
import { encodeBase64url } from '../../shared/encode-base64url.ts'
import { readTokenResponse } from '../../shared/foreign-token-response.ts'
import { readForm } from '../../shared/form.ts'
import { classifyHost } from '../../shared/host-class.ts'
import { freshUntil, httpDate } from '../../shared/http-freshness.ts'
import { isLoopbackAddress, isLoopbackHost } from '../../shared/loopback.ts'
import { s256 } from '../../shared/pkce.ts'
import { classifyRedirectUri } from '../../shared/redirect-uri.ts'
import { matchesRedirectUri } from '../../shared/redirect-uri-match.ts'
import { parseScope } from '../../shared/scope.ts'
import { checkUrl } from '../../shared/url-policy.ts'
import { withoutNulls } from '../../shared/without-nulls.ts'

type Taker = (text: string) => unknown

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const query = (text: string): URLSearchParams => new URLSearchParams(text)
const form = (text: string) => readForm(query(text))
/** What a server answered; the text itself where it is no JSON. */
const json = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
const named = (name: string, text: string): Headers => {
  const headers = new Headers()
  try {
    headers.set(name, text)
  } catch {
    // No header could carry it.
  }
  return headers
}

const POLICY = { development: false, requireHttps: true, allowedDomains: ['*.example'], blockedDomains: ['x.example'] }
const whoAsks = whoAsksBehind(['10.0.0.0/8', 'loopback'])
const base = { base: '/tenant' }

/** By the name of the function. */
export const TAKERS: Readonly<Record<string, Taker>> = {
  addressIn,
  ancestryOf,
  applicationName,
  attemptOf: (text) => attemptOf(form(text)),
  authorizeLink: (text) => authorizeLink(query(text), base),
  canSign,
  checkClientDocument: (text) => checkClientDocument(text, text),
  checkClientId: (text) => checkClientId(text, { ...POLICY, pinnedOnly: false }),
  checkClientIdUrl: (text) => checkClientIdUrl(text),
  checkDpopJkt,
  checkPrompt,
  checkRedirectUri: (text) => checkRedirectUri(form(text), client(), { localhostAnyPort: true }),
  checkScope: (text) => checkScope(text, resource(), client(), true),
  checkSoftwareStatement,
  checkUrl: (text) => checkUrl(text),
  classifyAddress,
  classifyHost,
  classifyRedirectUri,
  describePublisher,
  displayText,
  encodeBase64url: (text) => encodeBase64url(bytes(text)),
  equalInConstantTime: (text) => [equalInConstantTime(text, text), equalInConstantTime(text, 'x')],
  excessOf: (text) => excessOf(query(text), text.length),
  exchangesOf,
  findChallenge: (text) => findChallenge(text, 'DPoP'),
  freshUntil: (text) => freshUntil(named('cache-control', text), 1000),
  grantOfAccessToken,
  isAccessTokenType,
  narrowScopes: (text) => narrowScopes(text, { subject: [text], limit: [text], client: client(), target: resource() }),
  stemOf,
  httpDate,
  includesAudience: (text) => includesAudience(text, [text]),
  isAllowedOrigin: (text) => isAllowedOrigin(text, 'https://mcp.example/mcp', ['https://app.example']),
  isApprovedRedirect: (text) => isApprovedRedirect(text, ['https://h.example/cb/*', text]),
  isCsrfToken: (text) => isCsrfToken(text, text, hash),
  isDpopAlgorithm,
  isForeignPost: (text) => [
    isForeignPost(named('origin', text), 'https://auth.example'),
    isForeignPost(named('sec-fetch-site', text), 'https://auth.example'),
  ],
  isLocalOrApproved: (text) => isLocalOrApproved(text, ['https://h.example/cb/*']),
  isLoopbackAddress,
  isLoopbackHost,
  isMark,
  looksLikeUrl,
  matchesRedirectUri: (text) => matchesRedirectUri(text, text, { localhostAnyPort: true }),
  networkOf,
  parseChallenges,
  decodeBase64url,
  decodeJsonObject,
  parseJws,
  parseScope,
  prefersProblemJson,
  proofUrl,
  rasterType: (text) => rasterType(Uint8Array.from(text, (one) => one.charCodeAt(0))),
  readAddressRange: (text) => readAddressRange(text)?.network.toString(),
  readAssertion,
  readClientId: (text) => readClientId(form(text)),
  readCredentials: (text) => readCredentials(named('authorization', text)),
  readDeviceAuthorization: (text) => readDeviceAuthorization(json(text)),
  readDpopHeader,
  readForm: (text) => form(text),
  readHeader,
  readIdJag,
  readInitialAccessToken,
  readOperations: (text) => readOperations(bytes(text)),
  readPage,
  readSessionCookie: (text) => readSessionCookie(text, true),
  readTokenResponse: (text) => readTokenResponse(json(text)),
  recordedName: (text) => recordedName(text, digest),
  requiredScopes: (text) => requiredScopes(readOperations(bytes(text)) ?? [], { tool: ['a'] }),
  resourceName: (text) => resourceName(text, 'https://mcp.example/mcp'),
  routeBelow: (text) => routeBelow('/tenant', text),
  s256,
  signInLink: (text) => signInLink(text, base),
  toTarget: (text) => toTarget(text, false),
  usernameFrom,
  wantsAnew,
  whoAsksBehind: (text) => whoAsks('127.0.0.1', text),
  withoutNulls,
}
