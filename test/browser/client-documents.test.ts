/**
 * The consent page of clients that publish what they are, in a real Chromium: nothing a machine can find is wrong with it, the logo comes
 * from here, and nobody else is asked for anything.
 *
 * `SALLYPORT_SCREENSHOTS=<folder>` keeps a picture of each.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 section 8.8
 * @module
 */
import { afterAll, beforeAll, expect } from 'bun:test'
import { USER } from '../support/authorization-server.ts'
import { openPage, testInBrowser } from '../support/browser.ts'
import { authorizationUrl, createScene, type Scene } from '../support/client-documents.ts'
import { auditPage } from '../support/page-audit.ts'

const FOLDER = process.env['SALLYPORT_SCREENSHOTS']
const LOGO = 'https://claude.ai/logo.png'
const LOGO_BYTES =
  'iVBORw0KGgoAAAANSUhEUgAAADAAAAAwCAIAAADYYG7QAAAAi0lEQVR42u3Yuw2AMBCDYW+ZUZiVDShp6Ol5hFOUOD5k6Qb4yvOPY9+kDgYZNAe0LiVyDFCQ0szCUEoDCxxN3AQOJc4CWfNpAl9TN+UBDdVUTJileTNlANE0jyZ5EFlzNxlkkEEGGWTQ30B+P4pf2C4gudXhoZh02yvWD8U+JFrQFBujaIV1ODfocifgsqBQcQge+wAAAABJRU5ErkJggg=='

let scene: Scene
let program: ReturnType<typeof Bun.serve>
beforeAll(async () => {
  program = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: (request) => scene.server.fetch(request) })
  scene = await createScene({ issuer: `http://localhost:${program.port}` })
})
afterAll(async () => {
  await program.stop(true)
  await scene.close()
})

/** What each page is about, and what a person must see on it. */
const PAGES = [
  {
    name: 'document-loopback',
    id: 'https://claude.ai/oauth/claude-code-client-metadata',
    document: { client_name: 'Claude Code', redirect_uris: ['http://localhost/callback'], logo_uri: LOGO },
    redirectUri: 'http://localhost:50123/callback',
    seen: ['localhost:50123', 'Published by claude.ai.', 'claude.ai cannot tell which program that is'],
  },
  {
    name: 'document-web',
    id: 'https://app.example/client.json',
    document: { client_name: 'App', redirect_uris: ['https://app.example/callback'] },
    redirectUri: 'https://app.example/callback',
    seen: ['app.example', 'Published by app.example.'],
  },
  {
    name: 'document-elsewhere',
    id: 'https://app.example/elsewhere.json',
    document: { client_name: 'App', redirect_uris: ['https://evil.example/callback'] },
    redirectUri: 'https://evil.example/callback',
    seen: ['app.example published this application, but the access goes to evil.example.'],
  },
] as const

const LOOKS = [
  ['light', { viewport: { width: 1000, height: 800 }, colorScheme: 'light' }],
  ['dark', { viewport: { width: 1000, height: 800 }, colorScheme: 'dark' }],
  ['narrow', { viewport: { width: 320, height: 640 }, colorScheme: 'light' }],
] as const

for (const [look, options] of LOOKS) {
  testInBrowser(`AS-037 AS-038 the consent page of a published client is in order (${look})`, async () => {
    const { page, complaints } = await openPage(options)
    const asked: string[] = []
    page.on('request', (request) => void asked.push(new URL(request.url()).origin))
    const inspect = async (name: string): Promise<void> => {
      expect({ name, problems: await page.evaluate(auditPage) }).toEqual({ name, problems: [] })
      if (FOLDER !== undefined) await page.screenshot({ path: `${FOLDER}/${name}-${look}.png`, fullPage: true })
    }
    scene.sites.put(LOGO, { type: 'image/png', body: Buffer.from(LOGO_BYTES, 'base64') })
    for (const { name, id, document, redirectUri, seen } of PAGES) {
      scene.sites.publish(id, document)
      await page.goto(await authorizationUrl(scene.server, { client_id: id, redirect_uri: redirectUri }))
      if (await page.getByLabel('Password').isVisible()) {
        if (look === 'light') await inspect('document-sign-in')
        await page.getByLabel('User name').fill(USER.username)
        await page.getByLabel('Password').fill(USER.password)
        await page.getByRole('button', { name: 'Sign in' }).click()
      }
      await page.getByRole('heading', { level: 1, name: 'Allow access?' }).waitFor()
      const text = ((await page.locator('main').textContent()) ?? '').replace(/\s+/g, ' ')
      for (const words of seen) expect(text).toContain(words)
      const logo = page.locator('img.logo')
      expect(await logo.count()).toBe('logo_uri' in document ? 1 : 0)
      if ('logo_uri' in document) {
        expect(await logo.evaluate((image) => image instanceof HTMLImageElement && image.naturalWidth)).toBe(48)
      }
      await inspect(name)
    }
    expect([...new Set(asked)]).toEqual([scene.server.issuer])
    expect(complaints).toEqual([])
  })
}
