/**
 * Every function that takes a text of strangers: it takes any, and says the same of it each time. Which ones there are is read from the
 * sources, so that a new one is missed here until it has a case.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ASSERTION_ALGORITHMS, checkAssertion, readAssertion } from '../../server/core/client-auth/client-assertion.ts'
import { rasterType } from '../../server/core/client-documents/raster-image.ts'
import { whoAsksBehind } from '../../server/core/proxies.ts'
import { readPage } from '../../server/pages/page-number.ts'
import { encodePart } from '../support/foreign-signer.ts'
import { sourceFiles } from '../support/source-tree.ts'
import { picture } from './elsewhere.ts'
import { fuzz } from './runs.ts'
import { TAKERS } from './takers.ts'
import { anyText, headerText, madeOf, url } from './values.ts'

const jwt = fc
  .tuple(
    fc.oneof(
      fc.record(
        {
          alg: fc.constantFrom(...ASSERTION_ALGORITHMS, 'none', 'HS256', '__proto__'),
          typ: fc.constantFrom('JWT', 'client-authentication+jwt', 'application/jwt', 'at+jwt'),
        },
        { requiredKeys: ['alg'] },
      ),
      fc.jsonValue(),
    ),
    fc.oneof(
      fc.record(
        {
          iss: fc.constantFrom('c', 'c', 'd'),
          sub: fc.constantFrom('c', 'c', ''),
          aud: fc.constantFrom<unknown>('https://as.example', ['https://as.example'], ['https://as.example', 'x'], []),
          exp: fc.oneof(fc.integer({ min: 900, max: 5000 }), fc.double()),
          iat: fc.integer({ min: 0, max: 5000 }),
          nbf: fc.double(),
          jti: fc.constantFrom('j', '', 'j'.repeat(256)),
        },
        { requiredKeys: ['iss', 'sub', 'aud', 'exp', 'jti'] },
      ),
      fc.jsonValue(),
    ),
  )
  .map((parts) => [...parts.map(encodePart), 'AAAA'].join('.'))

const addresses = madeOf('10.0.0.1', '203.0.113.7', '::1', '[2001:db8::1]:443', ',', ', ', ':80', '%eth0', 'unknown')
const forms = madeOf('client_id', 'redirect_uri', 'state', '=', '&', 'a', '+', '%41', '%', '[]', '__proto__')
const words = madeOf('login', 'consent', 'none', ' ', '"', 'a:b', '1', '0', ';q=', '*/*', 'max-age=', 'same-origin')
const text = fc.oneof(anyText, url, headerText, jwt, addresses, forms, words, fc.json(), fc.nat().map(String))

describe('functions that take a text of strangers', () => {
  fuzz('take any, and say the same of it each time', 60, text, async (text) => {
    for (const [name, take] of Object.entries(TAKERS)) {
      const [one, other] = [await take(text), await take(text)]
      expect([name, Bun.deepEquals(one, other)]).toEqual([name, true])
    }
  })

  fuzz(
    'a number of a page is what it says, or the first',
    10,
    fc.oneof(fc.nat({ max: 1e7 }), fc.double()),
    (number) => {
      const page = readPage(String(number))
      expect(page).toBe(Number.isInteger(number) && number > 0 && number < 1e6 ? number : 1)
    },
  )

  fuzz('a picture is what it begins with', 15, picture, (bytes) => {
    const type = rasterType(bytes)
    expect(type === 'image/png').toBe(
      Buffer.from(bytes).subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')),
    )
    if (type !== null) expect(bytes[0] === 0x3c).toBe(false)
  })

  const trusting = whoAsksBehind(['10.0.0.0/8', 'loopback'])
  fuzz('who asks is somebody in the list, and nobody else believes it', 20, addresses, (list) => {
    expect(trusting('203.0.113.9', list)).toBe('203.0.113.9')
    const who = trusting('127.0.0.1', list)
    expect(who === '127.0.0.1' || list.includes(who.replace(/^2001:db8:0:0:0:0:0:1$/, '2001:db8::1'))).toBe(true)
  })

  fuzz('an assertion that counts is for us, for now, and of its client', 40, jwt, (compact) => {
    const assertion = readAssertion(compact)
    if (assertion === null || !checkAssertion(assertion, ['https://as.example'], 1000).ok) return
    const { claims, header } = assertion
    expect([claims.iss === claims.sub, [claims.aud].flat()]).toEqual([true, ['https://as.example']])
    expect([claims.exp > 970, claims.exp <= 4630, ASSERTION_ALGORITHMS.includes(header.alg)]).toEqual([
      true,
      true,
      true,
    ])
  })
})

/** These need more than a text, or take what was judged before: requests come to them. */
const BY_REQUESTS: readonly string[] = [
  ...'checkConfirmation checkIdToken isSigned nonceOf readAnswer readClaims readUserinfo signedOut verifierOf'.split(
    ' ',
  ),
  ...'checkBoundTo checkRedirectable checkRequest checkSameResource'.split(' '),
  ...'describeRedirectTarget fetchDocument fetchLogo hashOpaqueToken judgeDpopProof'.split(' '),
  ...'presentSecret seeOther verifyDpopProof verifyPassword'.split(' '),
]

/** These are told what is ours, or what was judged before: settings, constants, and names that we made. */
const OURS: readonly string[] = [
  ...'callbackOf checkMetadata findKeysOf readJson'.split(' '),
  ...'answerWellKnown authorizationServerMetadataUrls createAuthorizationServer'.split(' '),
  ...'discoverIssuer documentResponse endpointsOf formatAccessTokenId'.split(' '),
  ...'identifierPath insertWellKnown isReason isTrouble keySetUrl preflightResponse'.split(' '),
  ...'protectedResourceMetadataUrls resourceMetadataUrl toAuthInfo wantsNonce writeSessionCookie'.split(' '),
]

/** Exported functions whose first argument is text, bytes, a query, a form, headers, or anything at all. */
const TAKES_TEXT =
  /^export (?:async )?(?:function (\w+)(?:<[^>]*>)?\(|const (\w+) = (?:async )?\()\s*\w+\??: (?:string|Headers|URLSearchParams|Uint8Array|FormRecord|unknown)\b/gm

const FOLDERS = ['shared', 'server/http', 'server/pages', 'server/core', 'server/resource', 'server/outbound']

async function takersInSources(): Promise<readonly string[]> {
  const files = await sourceFiles(...FOLDERS, 'server/login')
  const found = files.flatMap(({ text }) =>
    [...text.matchAll(TAKES_TEXT)].filter((one) => !needsServer(text, one.index)),
  )
  return [...new Set(found.flatMap(([, declared, constant]) => declared ?? constant ?? []))]
}

/** Whether its arguments, which begin at `index`, are those of somebody who has a store: requests come to such a one. */
function needsServer(text: string, index: number): boolean {
  const [head = ''] = text.slice(index, index + 500).split(/\n\)|\)(?::| =>)/)
  return /\b(?:Dependencies|PagesContext)\b/.test(head)
}

/** What the fuzz tests import, by name. */
async function imported(): Promise<ReadonlySet<string>> {
  const files = await sourceFiles('test/fuzz')
  const lists = files.flatMap(({ text }) => [
    ...text.matchAll(/^import \{([^}]*)\} from '\.\.\/\.\.\/(?:server|shared)\//gm),
  ])
  return new Set(lists.flatMap(([, list = '']) => list.split(',').map((one) => one.trim())))
}

describe('none is forgotten', () => {
  test('each has a case here, is imported by a test beside this one, or is named with the reason why not', async () => {
    const [all, tested] = [await takersInSources(), await imported()]
    const isAccounted = (name: string): boolean => tested.has(name) || [...BY_REQUESTS, ...OURS].includes(name)
    expect(all.length).toBeGreaterThan(80)
    expect(all.filter((name) => !isAccounted(name)).sort()).toEqual([])
    expect([...BY_REQUESTS, ...OURS].filter((name) => !all.includes(name) || tested.has(name))).toEqual([])
  })

  test('what is imported as one of them is called', () => {
    expect(Object.values(TAKERS).length).toBeGreaterThan(55)
  })
})
