/**
 * A proof that was seen once, whatever came of it then, and is shown again by somebody who overheard the request.
 *
 * @see RFC 9449 section 11.1
 * @see docs/adr/0138-a-proof-is-used-up-with-what-it-opens.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import type { Reason } from '../../server/core/rejection.ts'
import { codeForm, obtainCode, postForm, RESOURCE, registerClient, VERIFIER } from '../support/authorization-server.ts'
import { CALLBACK, CLIENT_ID, createScene, decide, visit } from '../support/client-documents.ts'
import { assertionForm, createSigning, type Signing, signer } from '../support/confidential-clients.ts'
import { closeDpopWorlds, createDpopWorld } from '../support/dpop-server.ts'
import { expectError } from '../support/oauth-error.ts'

const { server, post, ask, proof, machine, lastReason } = await createDpopWorld()
afterAll(closeDpopWorlds)

type Form = Parameters<typeof post>[0]

async function expectReplayed(form: Form, dpop: string, headers: Record<string, string> = {}): Promise<void> {
  await expectError(await post(form, dpop, headers), 400, 'invalid_dpop_proof')
  expect(lastReason()).toBe('replayed_dpop_proof')
}

async function signedIn() {
  const { client_id } = await registerClient(server)
  const code = await obtainCode(server, client_id)
  const form = codeForm(client_id, code)
  const refreshForm = (refresh_token: string) => ({ grant_type: 'refresh_token', refresh_token, client_id })
  const redeem = async (dpop: string) => (await post(form, dpop)).json()
  return { client_id, form, refreshForm, redeem }
}

describe('with a code that could not be redeemed: the proof is used up, the code is not', () => {
  const wrong: readonly [string, Reason, (form: ReturnType<typeof codeForm>) => Promise<Form> | Form][] = [
    ['an unknown code', 'unknown_code', (form) => ({ ...form, code: 'unknown' })],
    ['a wrong verifier', 'verifier_mismatch', (form) => ({ ...form, code_verifier: 'x'.repeat(43) })],
    ['another resource', 'resource_mismatch', (form) => ({ ...form, resource: 'https://elsewhere.example/mcp' })],
    [
      'another client',
      'client_mismatch',
      async (form) => ({ ...form, client_id: (await registerClient(server)).client_id }),
    ],
  ]
  test('keys of the client that are not those that the person agreed to', async () => {
    const [first, second] = [await createSigning('ES256', 'first'), await createSigning('ES256', 'second')]
    const scene = await createScene()
    const publish = ({ jwks }: Signing) => {
      const document = { token_endpoint_auth_method: 'private_key_jwt', jwks }
      scene.sites.publish(CLIENT_ID, document, { fields: ['cache-control: no-store'] })
    }
    publish(first)
    const agreed = new URL((await decide(await visit(scene))).headers.get('location') ?? '')
    publish(second)
    scene.server.clock.now += 31
    await visit(scene)
    const dpop = await proof({ url: `${scene.server.issuer}/oauth/token`, now: scene.server.clock.now })
    const redeem = async () => {
      const assertion = await signer(scene.server, CLIENT_ID, second.key, 'ES256')({}, { kid: 'second' })
      const code = agreed.searchParams.get('code') ?? ''
      const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER }
      return postForm(
        scene.server,
        '/oauth/token',
        { ...form, client_id: CLIENT_ID, ...assertionForm(assertion) },
        { dpop },
      )
    }
    await expectError(await redeem(), 400, 'invalid_grant')
    expect(scene.server.events.at(-1)).toMatchObject({ reason: 'client_keys_changed' })
    await expectError(await redeem(), 400, 'invalid_dpop_proof')
    await scene.close()
  })

  test.each(wrong)('%s', async (_, reason, spoil) => {
    const { form } = await signedIn()
    const dpop = await proof()
    expect((await post(await spoil(form), dpop)).status).toBe(400)
    expect(lastReason()).toBe(reason)
    await expectReplayed(form, dpop)
    expect((await post(form, await proof())).status).toBe(200)
  })
})

describe('with a refresh token that could not be used: the proof is used up, the token is not', () => {
  const wrong: readonly [string, Reason, (form: { refresh_token: string }) => Form][] = [
    ['an unknown token', 'unknown_refresh_token', (form) => ({ ...form, refresh_token: 'unknown' })],
    ['another resource', 'resource_mismatch', (form) => ({ ...form, resource: 'https://elsewhere.example/mcp' })],
    ['more scope', 'scope_beyond_grant', (form) => ({ ...form, scope: 'notes:read notes:write everything' })],
  ]
  test.each(wrong)('%s', async (_, reason, spoil) => {
    const { refreshForm, redeem } = await signedIn()
    const form = refreshForm((await redeem(await proof())).refresh_token)
    const dpop = await proof()
    expect((await post(spoil(form), dpop)).status).toBe(400)
    expect(lastReason()).toBe(reason)
    await expectReplayed(form, dpop)
    expect((await post(form, await proof())).status).toBe(200)
  })

  test('one that is bound to another key', async () => {
    const { refreshForm, redeem } = await signedIn()
    const form = refreshForm((await redeem(await proof())).refresh_token)
    const theirs = await createDpopWorld()
    const dpop = await theirs.proof({ url: `${server.issuer}/oauth/token`, now: server.clock.now })
    expect((await post(form, dpop)).status).toBe(400)
    expect(lastReason()).toBe('wrong_dpop_key')
    await expectReplayed(form, dpop)
    expect((await post(form, await proof())).status).toBe(200)
  })
})

test('with client credentials that were refused', async () => {
  const dpop = await proof()
  const form = { grant_type: 'client_credentials', resource: RESOURCE, scope: 'unknown' }
  await expectError(await post(form, dpop, machine.basic), 400, 'invalid_scope')
  await expectError(await ask(dpop), 400, 'invalid_dpop_proof')
  expect(lastReason()).toBe('replayed_dpop_proof')
})

describe('with what it has opened already', () => {
  test('another code is not redeemed, and nothing is stored', async () => {
    const [first, second] = [await signedIn(), await signedIn()]
    const dpop = await proof()
    expect((await post(first.form, dpop)).status).toBe(200)
    await expectReplayed(second.form, dpop)
    expect((await post(second.form, await proof())).status).toBe(200)
  })

  test('the same request is told of the proof, and the grant lives on', async () => {
    const { form, refreshForm } = await signedIn()
    const dpop = await proof()
    const tokens = await (await post(form, dpop)).json()
    await expectReplayed(form, dpop)
    expect((await post(refreshForm(tokens.refresh_token), await proof())).status).toBe(200)
  })

  test('a refresh token is not rotated, nor told its successor, nor its family revoked', async () => {
    const { refreshForm, redeem } = await signedIn()
    const form = refreshForm((await redeem(await proof())).refresh_token)
    const dpop = await proof()
    const next = await (await post(form, dpop)).json()
    // The replay window is open: with a proof of its own the same request would be answered.
    await expectReplayed(form, dpop)
    await expectReplayed(refreshForm(next.refresh_token), dpop)
    const again = await proof()
    expect((await post(form, again)).status).toBe(200)
    await expectReplayed(form, again)
    // It is closed: with a proof of its own the same request would end the family.
    server.clock.now += 120
    await expectReplayed(form, dpop)
    expect((await post(refreshForm(next.refresh_token), await proof())).status).toBe(200)
  })
})

test('of one proof with 16 refresh tokens at once one is rotated, and the others still can be', async () => {
  const grants = await Promise.all(Array.from({ length: 16 }, signedIn))
  const forms = await Promise.all(
    grants.map(async ({ refreshForm, redeem }) => refreshForm((await redeem(await proof())).refresh_token)),
  )
  const dpop = await proof()
  const answers = await Promise.all(forms.map((form) => post(form, dpop)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  for (const [index, { status }] of answers.entries()) {
    const form = forms[index] ?? {}
    if (status !== 200) expect((await post(form, await proof())).status).toBe(200)
  }
})
