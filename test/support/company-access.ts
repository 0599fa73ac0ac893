/**
 * What somebody has who signed in at their company: a session, and what was granted to an application.
 *
 * @module
 */
import { codeForm, createBrowser, formFields, postForm } from './authorization-server.ts'
import type { CompanyWorld, WorldBrowser } from './company.ts'

export const isSignedIn = async (browser: WorldBrowser): Promise<boolean> =>
  (await browser.fetch('/account')).status === 200

/** Signs in at the company, agrees, and redeems: a browser and a refresh token. */
export async function connect({ server, signIn, query, clientId }: CompanyWorld, provider?: string) {
  const browser = createBrowser(server)
  const back = await signIn(browser, await query(), provider)
  const page = await (await browser.fetch(back.headers.get('location') ?? '')).text()
  const body = new URLSearchParams({ ...formFields(page), decision: 'allow' })
  const decided = await browser.fetch('/oauth/authorize/consent', { method: 'POST', body })
  const code = new URL(decided.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const tokens = await (await postForm(server, '/oauth/token', codeForm(clientId, code))).json()
  let refreshToken: string = tokens.refresh_token
  return {
    browser,
    async refresh(): Promise<number> {
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId }
      const answer = await postForm(server, '/oauth/token', form)
      if (answer.status === 200) refreshToken = (await answer.json()).refresh_token
      return answer.status
    },
  }
}
