/**
 * Checks of a server that signs nobody in by itself: a person with a browser does, and only where one is needed.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { checkAuthorizationServer, diagnose } from '../../conformance/index.ts'
import { visitInBrowser } from '../../server/cli/visit-in-browser.ts'
import { listenTestDemo } from '../support/demo.ts'
import { createPerson } from '../support/person.ts'

async function createScene() {
  const demo = await listenTestDemo()
  demo.clock.now = Math.floor(Date.now() / 1000)
  const shown: string[] = []
  const person = createPerson(demo)
  const visiting = await visitInBrowser({
    open: false,
    show: (url) => {
      shown.push(url)
      // Who is shown an error stays there.
      void person.visit(url).then(
        (callback) => fetch(callback),
        () => {},
      )
    },
  })
  const { redirectUri, visit } = visiting
  const close = async (): Promise<void> => {
    await visiting.close()
    await demo.close()
  }
  return { demo, shown, close, options: { redirectUri, visit, isAttended: true } }
}

test('an authorization server: the person is asked where a page waits, and for nothing that is refused before', async () => {
  const { demo, shown, close, options } = await createScene()
  const only = [
    'authorize',
    'authorize-pkce-required',
    'authorize-redirect-other',
    'authorize-redirect-port',
    'token',
    'token-replay',
  ]
  const { results } = await checkAuthorizationServer({ issuer: demo.issuer, only, ...options })
  expect(results.map(({ id, status }) => [id, status])).toEqual([
    ['authorize', 'pass'],
    ['authorize-pkce-required', 'pass'],
    ['authorize-redirect-other', 'pass'],
    ['authorize-redirect-port', 'skipped'],
    ['token', 'pass'],
    ['token-replay', 'pass'],
  ])
  expect(shown).toHaveLength(3)
  await close()
})

test('an authorization server: who looks at one refusal alone is asked once whether anything is welcome, and no more', async () => {
  const { demo, shown, close, options } = await createScene()
  const only = ['authorize-pkce-required', 'authorize-pkce-plain', 'authorize-redirect-other']
  const { results } = await checkAuthorizationServer({ issuer: demo.issuer, only, ...options })
  expect(results.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass'])
  expect(shown).toHaveLength(1)
  await close()
})

test('the doctor goes the whole way', async () => {
  const { demo, shown, close, options } = await createScene()
  const { steps } = await diagnose({ url: demo.mcpUrl, connect: true, ...options })
  expect(steps.flatMap(({ results }) => results).filter(({ status }) => status !== 'pass')).toEqual([])
  expect(shown.length).toBeGreaterThan(0)
  await close()
})

test('without a person: what needs one is skipped, with what to do about it', async () => {
  const { demo, close } = await createScene()
  const { results } = await checkAuthorizationServer({ issuer: demo.issuer, only: ['authorize', 'token'] })
  for (const { status, note } of results) {
    expect(status).toBe('skipped')
    expect(note).toContain('open a browser (--browser)')
  }
  await close()
})
