/**
 * The checks of authorization servers, put to a server that others wrote. What they find, and what they say of it, is kept beside the
 * explanations, and must be what they find today.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { type CheckResult, checkAuthorizationServer } from '../../conformance/index.ts'
import { fetchLines } from '../../conformance/node/fetch-lines.ts'
import { listenOidcProvider } from './oidc-provider.ts'

const EXPLANATIONS = new URL('./reports/oidc-provider.md', import.meta.url)

/** What a check found and said, without what differs from run to run. */
function said({ status, note, expected, received }: CheckResult, issuer: string) {
  const told = { status, note, expected, received }
  const fixed = Object.entries(told).map(([name, text]) => [name, text?.replaceAll(issuer, 'https://op.example')])
  return Object.fromEntries(fixed.filter(([, text]) => text !== undefined))
}

const RUNS = [
  ['without nonces', 'none', 'oidc-provider.json'],
  ['with nonces', 'required', 'oidc-provider-nonces.json'],
] as const

test.each(RUNS)(
  'node-oidc-provider %s: what is found is what was found, and each finding is explained',
  async (_, nonces, name) => {
    const { close, documents, introspector, issuer, resource } = await listenOidcProvider(nonces)
    const scope = 'openid offline_access notes:read'
    const { results } = await checkAuthorizationServer({ issuer, resource, scope, introspector, documents, fetchLines })
    close()
    const found = Object.fromEntries(results.map((result) => [result.id, said(result, issuer)]))
    const kept = new URL(`./reports/${name}`, import.meta.url)
    if (Bun.env['UPDATE_REPORTS'] !== undefined) await Bun.write(kept, `${JSON.stringify(found, null, 2)}\n`)
    expect(found).toEqual(await Bun.file(kept).json())

    const explained = [...(await Bun.file(EXPLANATIONS).text()).matchAll(/^\| `([\w-]+)`/gm)].map(([, id]) => id)
    const findings = results.filter(({ status }) => status === 'fail' || status === 'warning').map(({ id }) => id)
    expect(explained.sort()).toEqual(findings.sort())
  },
)
