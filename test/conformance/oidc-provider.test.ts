/**
 * The checks of authorization servers, put to a server that others wrote. What they find is kept beside the explanations, and must be
 * what they find today.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { AUTHORIZATION_SERVER_CHECKS, checkAuthorizationServer } from '../../conformance/index.ts'
import { listenOidcProvider } from './oidc-provider.ts'

const EXPLANATIONS = new URL('./reports/oidc-provider.md', import.meta.url)
const KEPT = new URL('./reports/oidc-provider.json', import.meta.url)

test('node-oidc-provider: what is found is what was found, and each finding is explained', async () => {
  const { close, introspector, issuer, resource } = await listenOidcProvider()
  const scope = 'openid offline_access notes:read'
  const { results } = await checkAuthorizationServer({ issuer, resource, scope, introspector })
  close()
  const found = Object.fromEntries(results.map(({ id, status }) => [id, status]))
  if (Bun.env['UPDATE_REPORTS'] !== undefined) await Bun.write(KEPT, `${JSON.stringify(found, null, 2)}\n`)
  expect(found).toEqual(await Bun.file(KEPT).json())

  const explained = [...(await Bun.file(EXPLANATIONS).text()).matchAll(/^\| `([\w-]+)`/gm)].map(([, id]) => id)
  const findings = results.filter(({ status }) => status === 'fail' || status === 'warning').map(({ id }) => id)
  expect(explained.sort()).toEqual(findings.sort())
})

test('node-oidc-provider with nonces: every check of bound tokens passes but those of time', async () => {
  const { close, introspector, issuer, resource } = await listenOidcProvider('required')
  const only = AUTHORIZATION_SERVER_CHECKS.map(({ id }) => id).filter((id) => id.startsWith('dpop'))
  const scope = 'openid offline_access notes:read'
  const { results } = await checkAuthorizationServer({ issuer, resource, scope, introspector, only })
  close()
  const others = results.filter(({ status }) => status !== 'pass').map(({ id, note }) => [id, note])
  const byNonce = 'the server tells the age of a proof by its nonce'
  expect(others).toEqual([
    ['dpop-nonce-stale', 'that takes time: say how long to wait (--wait)'],
    ['dpop-old', byNonce],
    ['dpop-future', byNonce],
  ])
})
