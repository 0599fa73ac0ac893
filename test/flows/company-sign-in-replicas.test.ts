/**
 * Two replicas on one PostgreSQL: a sign-in at the company that begins at one comes back to the other, and who has left is asked about once.
 *
 * @see docs/adr/0191-signing-in-elsewhere.md
 * @see docs/adr/0193-who-has-left.md
 * @module
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { companySignIn } from '../../server/company-sign-in.ts'
import { random } from '../../server/store/random.ts'
import { createBrowser, createTestServer, formFields } from '../support/authorization-server.ts'
import { CLIENT_ID, CLIENT_SECRET, createCompany, doorTo, IDP } from '../support/company.ts'
import { usePostgres } from '../support/postgres.ts'

setDefaultTimeout(60_000)
const postgres = usePostgres()

test('started at one, finished at the other, once, whichever of both the answer comes to', async () => {
  const database = await postgres.createDatabase()
  const company = await createCompany(IDP, () => 1_800_000_000)
  const door = doorTo(company)
  const config = {
    database,
    oidc: {
      providers: [{ id: 'company', name: 'Company', issuer: IDP, client_id: CLIENT_ID, client_secret: CLIENT_SECRET }],
    },
  }
  const replicas = [await createTestServer(config, { door }), await createTestServer(config, { door })] as const
  const [one, two] = replicas
  const browser = createBrowser(one)
  const { csrf = '' } = formFields(await (await browser.fetch('/sign-in')).text())
  const body = new URLSearchParams({ csrf, provider: 'company' })
  const there = (await browser.fetch('/oidc/start', { method: 'POST', body })).headers.get('location') ?? ''
  const answer = company.authorize(there).href
  const cookie = [...browser.cookies].map((pair) => pair.join('=')).join('; ')
  const both = Array.from({ length: 8 }, (_, index) =>
    (index % 2 === 0 ? two : one).fetch(answer, { headers: { cookie } }),
  )
  const landed = (await Promise.all(both)).filter(({ status }) => status === 303)
  expect(landed.length).toBe(1)
  const session = /^[^;]*/.exec(landed[0]?.headers.get('set-cookie') ?? '')?.[0] ?? ''
  for (const replica of replicas) {
    expect((await replica.fetch('/account', { headers: { cookie: session } })).status).toBe(200)
  }

  const now = (): number => one.clock.now + 3600
  const upstreams = await Promise.all(
    replicas.map(({ settings, store }) => companySignIn(settings, { store, now, random, audit: () => {}, door })),
  )
  const asked = company.asked.length
  await Promise.all(upstreams.map((upstream) => upstream?.revalidateDue(async () => true)))
  expect(company.asked.slice(asked).filter(({ form }) => form?.get('grant_type') === 'refresh_token').length).toBe(1)

  // A logout token counts at one of them. RFC 7519 section 2: its times may have fractions.
  const token = await company.logoutToken({ exp: one.clock.now + 120.5 })
  const told = await Promise.all(
    replicas.map((replica) =>
      replica.fetch('/oidc/back-channel-logout', {
        method: 'POST',
        body: new URLSearchParams({ logout_token: token }),
      }),
    ),
  )
  expect(told.map(({ status }) => status).toSorted()).toEqual([200, 400])
  for (const replica of replicas) {
    expect((await replica.fetch('/account', { headers: { cookie: session } })).status).toBe(303)
  }
  await Promise.all(replicas.map((replica) => replica.close()))
})
