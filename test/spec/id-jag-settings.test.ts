/**
 * Settings of those who vouch for others: what is wrong with them is said before the server starts.
 *
 * @see docs/adr/0185-who-vouches-for-people.md
 * @see docs/adr/0187-workloads-are-rules.md
 * @module
 */
import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { applyStartRules } from '../../server/config/start-rules.ts'
import { Config, type ConfigInput } from '../../server/config.ts'
import { createSigning } from '../support/confidential-clients.ts'

const { jwks } = await createSigning()
const IDP = 'https://login.company.example'
const provider = { issuer: IDP, rules: [{}] }
const job = { name: 'nightly', issuer: IDP, claims: { sub: 'job' }, resources: ['https://mcp.example/mcp'] }

/** Null: the server starts. */
async function problemOf(config: ConfigInput): Promise<string | null> {
  const parsed = v.safeParse(Config, { issuer: 'https://auth.example', secret: 'x'.repeat(32), ...config })
  if (!parsed.success) return v.getDotPath(parsed.issues[0])
  const outcome = await applyStartRules(parsed.output, async () => '')
  return outcome.ok ? null : outcome.error.message
}

const xaa = (...providers: NonNullable<ConfigInput['xaa']>['providers'] & {}): ConfigInput => ({
  xaa: { enabled: true, providers },
})
const wif = (issuers: readonly object[], workloads: readonly object[] = [job]): object => ({
  wif: { enabled: true, issuers, workloads },
})

describe('providers', () => {
  const cases: readonly (readonly [string, ConfigInput, string | null])[] = [
    ['nothing at all', {}, null],
    ['one that is found by its metadata', xaa(provider), null],
    ['one with keys', xaa({ ...provider, jwks }), null],
    ['one on a private network, with keys', xaa({ ...provider, issuer: 'https://idp.corp.internal', jwks }), null],
    ['none', xaa(), 'xaa.enabled is on, and xaa.providers is empty: nobody could vouch for anybody.'],
    ['one twice', xaa(provider, provider), `xaa.providers: ${IDP} is there twice.`],
    ['without rules', xaa({ issuer: IDP, rules: [] }), 'xaa.providers.0.rules'],
    ['with a rule for no client', xaa({ issuer: IDP, rules: [{ clients: [] }] }), 'xaa.providers.0.rules.0.clients'],
    [
      'this server itself',
      xaa({ ...provider, issuer: 'https://auth.example/' }),
      'xaa.providers: https://auth.example/ is this server itself, which cannot vouch for anybody to itself.',
    ],
    [
      'http',
      xaa({ ...provider, issuer: 'http://login.company.example', jwks }),
      'xaa.providers: http://login.company.example must be https.',
    ],
    [
      'a private address',
      xaa({ ...provider, issuer: 'https://10.0.0.1' }),
      'xaa.providers: https://10.0.0.1 is no https URL, so its keys cannot be found: give its jwks_uri or its jwks.',
    ],
    [
      'a name that is no URL',
      xaa({ ...provider, issuer: 'spiffe://company' }),
      'xaa.providers: spiffe://company is no https URL, so its keys cannot be found: give its jwks_uri or its jwks.',
    ],
    ['the same with keys', xaa({ ...provider, issuer: 'spiffe://company', jwks }), null],
    [
      'keys in two ways',
      xaa({ ...provider, jwks, jwks_uri: `${IDP}/keys` }),
      `xaa.providers: ${IDP} has jwks and jwks_uri: keep one of the two.`,
    ],
    [
      'keys over http',
      xaa({ ...provider, jwks_uri: 'http://login.company.example/keys' }),
      `xaa.providers: the jwks_uri of ${IDP} must be an https URL on the public internet.`,
    ],
    [
      'no key that is understood',
      xaa({ ...provider, jwks: { keys: [{ kty: 'X' }] } }),
      `xaa.providers: ${IDP} has a jwks without a key that is understood.`,
    ],
    [
      'a shared secret as key',
      xaa({ ...provider, jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }),
      'xaa.providers.0.jwks.keys',
    ],
    ['a life of a week', xaa({ ...provider, max_lifetime: 604_800 }), 'xaa.providers.0.max_lifetime'],
  ]
  test.each(cases)('%s', async (_, config, problem) => expect(await problemOf(config)).toBe(problem))

  test.each(['none', 'HS256', 'RS512'])('the algorithm %s is not to be had', async (algorithm) => {
    const config = JSON.parse(
      JSON.stringify(xaa({ ...provider })).replace('"rules"', `"algorithms":["${algorithm}"],"rules"`),
    )
    expect(await problemOf(config)).toStartWith('xaa.providers.0.algorithms')
  })

  test('in development a provider may be on this machine', async () => {
    const local = xaa({ ...provider, issuer: 'http://localhost:9000' })
    expect(await problemOf({ ...local, issuer: 'http://localhost:9100', dev: true })).toBeNull()
    expect(await problemOf(local)).toContain('is no https URL')
  })
})

describe('issuers of workloads', () => {
  const cases: readonly (readonly [string, object, string | null])[] = [
    ['one, and a rule', wif([{ issuer: IDP }]), null],
    ['spiffe with keys', wif([{ issuer: 'spiffe://cluster', jwks }], [{ ...job, issuer: 'spiffe://cluster' }]), null],
    [
      'spiffe without',
      wif([{ issuer: 'spiffe://cluster' }], []),
      'wif.enabled is on, and wif.workloads is empty: no program could be known.',
    ],
    [
      'one that is a provider, too',
      { ...xaa(provider), ...wif([{ issuer: IDP }]) },
      `wif.issuers: ${IDP} is one of xaa.providers, too. Whoever vouches for people must not vouch for programs.`,
    ],
    [
      'a rule of nobody',
      wif([{ issuer: 'https://other.example' }]),
      `wif.workloads: nightly names ${IDP}, which is not in wif.issuers.`,
    ],
    ['a name twice', wif([{ issuer: IDP }], [job, job]), 'wif.workloads: the name nightly is there twice.'],
    ['a rule that everybody fits', wif([{ issuer: IDP }], [{ ...job, claims: {} }]), 'wif.workloads.0.claims'],
    [
      'a number that is read as another one, too',
      wif([{ issuer: IDP }], [{ ...job, claims: { project_id: 2 ** 53 } }]),
      'wif.workloads.0.claims.project_id',
    ],
    ['a rule that leads nowhere', wif([{ issuer: IDP }], [{ ...job, resources: [] }]), 'wif.workloads.0.resources'],
    ['a name with a colon', wif([{ issuer: IDP }], [{ ...job, name: 'a:b' }]), 'wif.workloads.0.name'],
    ['one twice', wif([{ issuer: IDP }, { issuer: IDP }]), `wif.issuers: ${IDP} is there twice.`],
    [
      'this server itself',
      wif([{ issuer: 'https://auth.example' }], [{ ...job, issuer: 'https://auth.example' }]),
      'wif.issuers: https://auth.example is this server itself, which cannot vouch for anybody to itself.',
    ],
  ]
  test.each(cases)('%s', async (_, config, problem) => expect(await problemOf(config)).toBe(problem))
})
