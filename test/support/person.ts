/**
 * A person with a browser, without a window: goes where an application sends them, signs in, decides on the consent page, and ends up
 * at the application's callback.
 *
 * @module
 */
import { createBrowser, formFields, USER } from './authorization-server.ts'

export interface Person {
  /** The title of every page that was seen. */
  readonly pages: readonly string[]
  /** Opens an authorization URL and gives the callback URL that the browser was sent to in the end. */
  visit(authorizationUrl: string | URL): Promise<URL>
}

/** @param options.decision what they press on the consent page; default `allow` */
export function createPerson(
  server: Parameters<typeof createBrowser>[0],
  options: { readonly decision?: 'allow' | 'deny'; readonly user?: typeof USER } = {},
): Person {
  const { decision = 'allow', user = USER } = options
  const browser = createBrowser(server)
  const pages: string[] = []

  /** The answer to a filled-in page. */
  async function fill(page: string, url: string): Promise<Response> {
    pages.push(/<title>([^<]*)/.exec(page)?.[1] ?? '')
    const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1]
    if (action === undefined) throw new Error(`no form on the page: ${pages.at(-1)}`)
    const fields = formFields(page)
    const isSignIn = 'password' in fields
    const body = new URLSearchParams({ ...fields, ...(isSignIn ? user : { decision }) })
    const posted = await browser.fetch(new URL(action, url).href, { method: 'POST', body })
    if (posted.status !== 303) throw new Error(`the form was answered ${posted.status}`)
    return posted
  }

  return {
    pages,
    async visit(authorizationUrl) {
      const { origin, searchParams } = new URL(authorizationUrl)
      const callback = searchParams.get('redirect_uri') ?? ''
      let url = String(authorizationUrl)
      for (let hop = 0; hop < 8; hop += 1) {
        const response = await browser.fetch(url)
        const landed = response.status === 200 ? await fill(await response.text(), url) : response
        const location = landed.headers.get('location')
        if (location === null) throw new Error(`the browser is stuck at a page with status ${landed.status}`)
        if (location.startsWith(callback)) return new URL(location)
        const next = new URL(location, url)
        if (next.origin !== origin) throw new Error('the browser was sent elsewhere')
        url = next.href
      }
      throw new Error('the browser went round in circles')
    },
  }
}
