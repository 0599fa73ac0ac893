/**
 * A canary sent into every route, by every way a request has. It never comes back, and is never logged.
 *
 * Where the specifications demand an echo (`state`, registered metadata), the last tests say so.
 *
 * @see docs/adr/0041-error-content-type.md
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import {
  approve,
  authorizationQuery,
  codeForm,
  createBrowser,
  createTestServer,
  formFields,
  obtainTokens,
  postForm,
  REDIRECT_URI,
  registerClient,
  USER,
} from '../support/authorization-server.ts'

const CANARY = 'Canary7f3aSecret'
/** As it is, and as it would look after being encoded on its way. */
const SPELLINGS = [CANARY, CANARY.toLowerCase(), btoa(CANARY).slice(0, 18), btoa(`x${CANARY}`).slice(2, 20)]

/** Every parameter that any route reads, and a few that none does. */
const NAMES = [
  ...['grant_type', 'code', 'code_verifier', 'redirect_uri', 'client_id', 'client_secret', 'refresh_token', 'scope'],
  ...['resource', 'token', 'token_type_hint', 'response_type', 'response_mode', 'state', 'code_challenge', 'prompt'],
  ...['code_challenge_method', 'csrf', 'request', 'username', 'password', 'decision', 'grant', 'redirect_uris'],
  ...['client_name', 'token_endpoint_auth_method', 'grant_types', 'response_types', 'application_type', 'client_uri'],
  ...['logo_uri', 'tos_uri', 'policy_uri', 'contacts', 'software_id', 'software_version', 'unknown'],
]

const server = await createTestServer()
afterAll(() => server.close())
const { client_id } = await registerClient(server)
const tokens = await obtainTokens(server, client_id)

const isLeak = (text: string): boolean => SPELLINGS.some((spelling) => text.includes(spelling))

/** Sends it; nothing of the canary may be in the answer, the failures or the audit log. */
async function expectSilence(path: string, init: RequestInit): Promise<number> {
  server.events.length = 0
  server.failures.length = 0
  const response = await server.fetch(path, init)
  // The caller's own name for the request comes back, as it is meant to, and nowhere else than there.
  response.headers.delete('x-request-id')
  const said = `${response.statusText}\n${[...response.headers].join('\n')}\n${await response.text()}`
  const logged = Bun.inspect([server.events, server.failures], { depth: 10 })
  const what = `${init.method} ${path} ${Bun.inspect(init.headers)} ${String(init.body)}`
  expect([what, isLeak(said), isLeak(logged)]).toEqual([what, false, false])
  expect([what, response.status]).not.toEqual([what, 500])
  return response.status
}

const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'

/** Requests that carry the canary in their body. */
function* bodies(): Generator<{ body: BodyInit; headers: Record<string, string> }> {
  const all = Object.fromEntries(NAMES.map((name) => [name, CANARY]))
  const forms = [
    ...NAMES.map((name) => `${name}=${CANARY}`),
    String(new URLSearchParams(all)),
    `${new URLSearchParams(all)}&${new URLSearchParams(all)}`,
    `${CANARY}=${CANARY}`,
    CANARY,
    `grant_type=${CANARY}&client_id=${client_id}`,
    `grant_type=authorization_code&code=${CANARY}&code_verifier=${CANARY.padEnd(43, 'x')}&client_id=${client_id}`,
    `grant_type=authorization_code&code=${CANARY}&code_verifier=${CANARY}&client_id=${client_id}`,
    `grant_type=refresh_token&refresh_token=${CANARY}&client_id=${client_id}`,
    `grant_type=refresh_token&refresh_token=${tokens.refresh_token}&client_id=${client_id}&scope=${CANARY}`,
    `grant_type=refresh_token&refresh_token=${tokens.refresh_token}&client_id=${client_id}&resource=https://${CANARY}.example`,
    `grant_type=refresh_token&refresh_token=${CANARY}&client_id=${CANARY}&client_secret=${CANARY}`,
    `token=${CANARY}&client_id=${client_id}&token_type_hint=${CANARY}`,
    `token=${CANARY}&client_id=${client_id}&client_secret=${CANARY}`,
  ]
  for (const body of forms) for (const type of [FORM, JSON_TYPE]) yield { body, headers: { 'content-type': type } }

  const values: readonly unknown[] = [CANARY, [CANARY], { [CANARY]: CANARY }, [[CANARY]], 1]
  const documents: readonly unknown[] = [
    CANARY,
    [CANARY],
    { [CANARY]: CANARY },
    all,
    ...NAMES.flatMap((name) => values.map((value) => ({ [name]: value, [CANARY]: CANARY }))),
    { redirect_uris: [`https://${CANARY}.example/cb`], client_name: CANARY },
    { redirect_uris: [`javascript:${CANARY}`] },
    { redirect_uris: [REDIRECT_URI], token_endpoint_auth_method: CANARY },
    { redirect_uris: [REDIRECT_URI], grant_types: [CANARY] },
    { redirect_uris: [REDIRECT_URI], application_type: CANARY },
    { redirect_uris: [REDIRECT_URI], client_uri: `javascript:${CANARY}` },
    { redirect_uris: [REDIRECT_URI], client_name: { [CANARY]: CANARY } },
    { redirect_uris: [REDIRECT_URI], contacts: CANARY },
    { redirect_uris: [REDIRECT_URI], client_name: CANARY.repeat(20) },
  ]
  for (const document of documents) yield { body: JSON.stringify(document), headers: { 'content-type': JSON_TYPE } }
  yield { body: `{"client_name": "${CANARY}`, headers: { 'content-type': JSON_TYPE } }
  yield { body: `{"client_name": "${CANARY}"} ${CANARY}`, headers: { 'content-type': JSON_TYPE } }
  for (const type of [
    'text/plain',
    'application/xml',
    'multipart/form-data; boundary=x',
    CANARY,
    `text/${CANARY}`,
    '',
  ]) {
    yield { body: CANARY, headers: { 'content-type': type } }
  }
  const multipart = new FormData()
  multipart.set('password', CANARY)
  multipart.set('file', new File([CANARY], CANARY))
  yield { body: multipart, headers: {} }
  yield { body: CANARY.repeat(5000), headers: { 'content-type': FORM } }
}

const HEADERS: readonly Record<string, string>[] = [
  { authorization: CANARY },
  { authorization: `Bearer ${CANARY}` },
  { authorization: `Basic ${CANARY}` },
  { authorization: `Basic ${btoa(CANARY)}` },
  { authorization: `Basic ${btoa(`${CANARY}:${CANARY}`)}` },
  { authorization: `Basic ${btoa(`${client_id}:${CANARY}`)}` },
  { authorization: `Basic ${btoa(`%${CANARY}:%E0%A4%A`)}` },
  { cookie: CANARY },
  { cookie: `__Host-sallyport_session=${CANARY}; sallyport_session=${CANARY}; x=${CANARY}` },
  { accept: CANARY, 'accept-language': CANARY, 'user-agent': CANARY, referer: `https://${CANARY}.example/` },
  { origin: `https://${CANARY}.example`, host: `${CANARY}.example`, 'x-forwarded-host': `${CANARY}.example` },
  { 'access-control-request-headers': CANARY, 'access-control-request-method': CANARY, origin: CANARY },
  { [CANARY]: CANARY, 'x-request-id': CANARY, 'content-type': CANARY },
]

const routes = [
  ...new Map(server.app.routes.map(({ method, path }) => [`${method} ${path}`, { method, path }])).values(),
]

test('the list of routes is the whole application', () => {
  expect(routes.length).toBeGreaterThan(15)
  expect(routes.map(({ path }) => path)).toContain('/oauth/token')
})

describe.each(routes)('$method $path', ({ method: declared, path }) => {
  const methods = declared === 'ALL' ? ['POST', 'PUT', 'DELETE', 'OPTIONS'] : [declared]

  test.each(methods)('by %s: body', async (method) => {
    for (const { body, headers } of bodies()) {
      const init = { method, headers, body: method === 'GET' ? null : body }
      await expectSilence(path, init)
    }
  })

  test.each(methods)('by %s: query, path and headers', async (method) => {
    for (const name of NAMES) {
      // A whole request, which the sign-in page carries on: its tests are in csrf-sign-in and xss-client-name.
      await expectSilence(`${path}?${name}=${CANARY}`, { method })
      await expectSilence(`${path}?${name}=${CANARY}&${name}=${CANARY}`, { method })
    }
    await expectSilence(`${path}?${CANARY}`, { method })
    await expectSilence(`${path}?client_id=${client_id}&redirect_uri=https://${CANARY}.example/`, { method })
    for (const suffix of [`/${CANARY}`, CANARY, `/../${CANARY}`, `%2f${CANARY}`, `;${CANARY}`]) {
      await expectSilence(`${path}${suffix}`, { method })
    }
    for (const headers of HEADERS) await expectSilence(path, { method, headers })
  })
})

test('a wrong password does not come back, and neither does the code of another form', async () => {
  const browser = createBrowser(server)
  const page = await (await browser.fetch('/sign-in')).text()
  const fields = { ...formFields(page), username: USER.username, password: CANARY, grant: CANARY, decision: 'allow' }
  server.events.length = 0
  const response = await browser.fetch('/sign-in', { method: 'POST', body: new URLSearchParams(fields) })
  expect(server.events.map(({ type }) => type)).toEqual(['sign_in_failed'])
  expect(isLeak(`${[...response.headers]} ${await response.text()} ${Bun.inspect(server.events)}`)).toBe(false)
})

describe('what must come back does, and only where it must', () => {
  test('AS-051 state, to the redirect URI', async () => {
    const refused = await server.fetch(
      `/oauth/authorize?${await authorizationQuery(client_id, { state: CANARY, scope: CANARY, prompt: CANARY, resource: CANARY })}`,
    )
    const location = new URL(refused.headers.get('location') ?? '')
    expect(location.href).toStartWith(REDIRECT_URI)
    const told = [...location.searchParams].filter(([, value]) => isLeak(value))
    expect(told).toEqual([['state', CANARY]])
    const granted = await approve(server, await authorizationQuery(client_id, { state: CANARY }))
    expect([...granted.searchParams].filter(([, value]) => isLeak(value))).toEqual([['state', CANARY]])
    expect(isLeak(Bun.inspect([server.events, server.failures]))).toBe(false)
  })

  test('AS-039 registered metadata, to whoever registers; the audit log has only the id', async () => {
    server.events.length = 0
    const client = await registerClient(server, { client_name: CANARY, software_id: CANARY, [CANARY]: CANARY })
    expect(Object.entries(client).filter(([, value]) => isLeak(String(value)))).toEqual([
      ['client_name', CANARY],
      ['software_id', CANARY],
    ])
    expect(Object.keys(client)).not.toContain(CANARY)
    expect(server.events).toEqual([{ type: 'client_registered', clientId: client.client_id }])
  })

  test('tokens and codes, to the client alone: the audit log and the failures know none', async () => {
    const told = await obtainTokens(server, client_id)
    const query = await authorizationQuery(client_id)
    const code = (await approve(server, query)).searchParams.get('code') ?? ''
    await postForm(server, '/oauth/token', { ...codeForm(client_id, code), code_verifier: 'x'.repeat(43) })
    const logged = Bun.inspect([server.events, server.failures], { depth: 10 })
    for (const secret of [told.access_token, told.refresh_token, code]) expect(logged).not.toContain(secret)
  })
})
