/**
 * The keys of trusted issuers: where they are found, how long they are kept, and what happens when they change or cannot be had.
 *
 * @see RFC 7517 section 5
 * @see RFC 9111 section 4.2
 * @see OpenID Connect Discovery 1.0 section 4
 * @see RFC 8414 section 3
 * @see docs/adr/0186-keys-of-issuers.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { createSites, type Sites } from '../support/client-documents.ts'
import { expectError } from '../support/oauth-error.ts'
import { type Company, createCompany, createIssuer, trusting } from '../support/trusted-issuers.ts'

const IDP = 'https://app.example'
const KEYS = 'https://other.example/jwks.json'
const METADATA = `${IDP}/.well-known/openid-configuration`

const closing: (() => unknown)[] = []
afterAll(() => Promise.all(closing.map((close) => close())))

/** A company whose provider publishes its keys at a site. */
async function createWorld(provider: Parameters<typeof trusting>[1] = { jwks_uri: KEYS }) {
  const sites = await createSites()
  const idp = await createIssuer(IDP)
  const { jwks: _, ...trusted } = trusting(idp, provider)
  const company = await createCompany(
    { xaa: { enabled: true, providers: [trusted] } },
    { idp, outbound: sites.outbound },
  )
  closing.push(() => company.server.close(), sites.close)
  const publish = (issuer: Pick<typeof idp, 'jwks'>, fields: readonly string[] = []): void =>
    sites.put(KEYS, { body: JSON.stringify(issuer.jwks), fields })
  publish(idp)
  const later = (seconds: number): void => {
    company.server.clock.now += seconds
  }
  /** Whether an ID-JAG of this issuer is good now; otherwise why not. */
  const redeem = async (by = idp): Promise<string | undefined> => {
    const response = await company.redeem(await company.jag({}, {}, by))
    return response.status === 200 ? 'good' : company.lastReason()
  }
  return { sites, idp, company, publish, later, redeem }
}

const asked = ({ asked }: Sites, url = KEYS): number => asked.filter((one) => one === url).length

describe('EMA-A11 where they are', () => {
  test('where the settings say', async () => {
    const { sites, redeem } = await createWorld()
    expect(await redeem()).toBe('good')
    expect(sites.asked).toEqual([KEYS])
  })

  test('where the OpenID configuration of the issuer says', async () => {
    const { sites, redeem } = await createWorld({})
    sites.put(METADATA, { body: JSON.stringify({ issuer: IDP, jwks_uri: KEYS }) })
    expect(await redeem()).toBe('good')
    expect(sites.asked).toEqual([METADATA, KEYS])
  })

  test('where there is none, where the metadata of the authorization server says', async () => {
    const { sites, redeem } = await createWorld({})
    const url = `${IDP}/.well-known/oauth-authorization-server`
    sites.put(url, { body: JSON.stringify({ issuer: IDP, jwks_uri: KEYS }) })
    expect(await redeem()).toBe('good')
    expect(sites.asked).toEqual([METADATA, url, KEYS])
  })

  test.each([
    ['another issuer', { issuer: `${IDP}/`, jwks_uri: KEYS }],
    ['no issuer', { jwks_uri: KEYS }],
    ['no keys', { issuer: IDP }],
    ['keys that are no URL', { issuer: IDP, jwks_uri: 7 }],
  ])('metadata that names %s leads nowhere', async (_, metadata) => {
    const { sites, redeem } = await createWorld({})
    sites.put(METADATA, { body: JSON.stringify(metadata) })
    expect(await redeem()).toBe('issuer_keys_unavailable')
    expect(asked(sites)).toBe(0)
  })

  test('pinned keys are the only ones: nobody is asked', async () => {
    const sites = await createSites()
    const company = await createCompany({}, { outbound: sites.outbound })
    closing.push(() => company.server.close(), sites.close)
    expect((await company.redeem(await company.jag())).status).toBe(200)
    const stranger = await createIssuer()
    await expectError(await company.redeem(await company.jag({}, {}, stranger)), 400, 'invalid_grant')
    expect(sites.asked).toEqual([])
  })
})

describe('RFC 9111 section 4.2 how long they are kept', () => {
  test.each([
    ['five minutes without a word', [], 300],
    ['as long as they say', ['cache-control: max-age=1200'], 1200],
    ['no longer than an hour', ['cache-control: max-age=86400'], 3600],
    ['at least half a minute', ['cache-control: no-store'], 30],
  ] as const)('%s', async (_, fields, seconds) => {
    const { sites, idp, publish, later, redeem } = await createWorld()
    publish(idp, fields)
    expect(await redeem()).toBe('good')
    later(seconds - 1)
    expect(await redeem()).toBe('good')
    expect(asked(sites)).toBe(1)
    later(1)
    expect(await redeem()).toBe('good')
    expect(asked(sites)).toBe(2)
  })

  test('many at once ask once', async () => {
    const { sites, redeem } = await createWorld()
    expect(await Promise.all(Array.from({ length: 16 }, () => redeem()))).toEqual(Array(16).fill('good'))
    expect(asked(sites)).toBe(1)
  })

  test('another process finds them in the database', async () => {
    const { sites, company } = await createWorld()
    expect((await company.redeem(await company.jag())).status).toBe(200)
    expect(await company.server.store.publishedKeys.find(KEYS)).toMatchObject({ fetchedAt: company.server.clock.now })
    expect(asked(sites)).toBe(1)
  })
})

describe('RFC 7517 section 5 when they change', () => {
  test('a key that is new is found for the first who needs it', async () => {
    const { sites, publish, later, redeem } = await createWorld()
    expect(await redeem()).toBe('good')
    const next = await createIssuer(IDP, 'ES256', 'two')
    publish(next)
    later(30)
    expect(await redeem(next)).toBe('good')
    expect(asked(sites)).toBe(2)
  })

  test('a key that was withdrawn counts no more', async () => {
    const { publish, later, redeem } = await createWorld()
    expect(await redeem()).toBe('good')
    publish(await createIssuer(IDP, 'ES256', 'two'))
    later(300)
    expect(await redeem()).toBe('wrong_grant_assertion_signature')
  })

  test('keys that nobody knows make us ask twice a minute, whoever sends them', async () => {
    const { sites, later, redeem } = await createWorld()
    const stranger = await createIssuer(IDP, 'ES256', 'made-up')
    for (let second = 0; second < 60; second += 1) {
      expect(await redeem(stranger)).toBe('wrong_grant_assertion_signature')
      later(1)
    }
    expect(asked(sites)).toBe(2)
  })
})

describe('when they cannot be had', () => {
  test('the last good ones serve for a day', async () => {
    const { sites, later, redeem } = await createWorld()
    expect(await redeem()).toBe('good')
    sites.goDown()
    later(300)
    expect(await redeem()).toBe('good')
    later(86_399)
    expect(await redeem()).toBe('good')
    later(1)
    expect(await redeem()).toBe('issuer_keys_unavailable')
  })

  test('an answer that is no key set is no outage', async () => {
    const { sites, later, redeem } = await createWorld()
    expect(await redeem()).toBe('good')
    sites.put(KEYS, null)
    later(300)
    expect(await redeem()).toBe('issuer_keys_unavailable')
  })

  test('failures are remembered for ten seconds', async () => {
    const { sites, idp, publish, later, redeem } = await createWorld()
    sites.put(KEYS, { status: '503 Service Unavailable' })
    for (const _ of [1, 2, 3]) expect(await redeem()).toBe('issuer_keys_unavailable')
    expect(asked(sites)).toBe(1)
    publish(idp)
    later(10)
    expect(await redeem()).toBe('good')
  })

  test('nobody is told that the issuer is trusted', async () => {
    const { sites, company } = await createWorld()
    sites.goDown()
    const away = await expectError(await company.redeem(await company.jag()), 400, 'invalid_grant')
    const stranger: Company['idp'] = await createIssuer('https://evil.example')
    const unknown = await company.redeem(await company.jag({}, {}, stranger))
    expect(await expectError(unknown, 400, 'invalid_grant')).toEqual(away)
  })
})
