/**
 * What must hold between the settings of those who vouch for others, before a server starts.
 *
 * @see docs/adr/0185-who-vouches-for-people.md
 * @see docs/adr/0187-workloads-are-rules.md
 * @module
 */
import type { Config } from '../config.ts'
import { issuerProblem } from './trusted-issuer.ts'

/** What is wrong, in words; null: nothing. `issuer`: this server's. */
export function trustProblem(config: Pick<Config, 'xaa' | 'wif' | 'dev'>, issuer: string): string | null {
  return xaaProblem(config, issuer) ?? wifProblem(config, issuer)
}

function xaaProblem({ xaa, dev }: Pick<Config, 'xaa' | 'dev'>, own: string): string | null {
  if (xaa.enabled && xaa.providers.length === 0)
    return 'xaa.enabled is on, and xaa.providers is empty: nobody could vouch for anybody.'
  const named = xaa.providers.map(({ issuer }) => issuer)
  const twice = firstTwice(named)
  if (twice !== null) return `xaa.providers: ${twice} is there twice.`
  const problem = xaa.providers.map((provider) => issuerProblem(provider, own, dev)).find((found) => found !== null)
  return problem === undefined ? null : `xaa.providers: ${problem}`
}

function wifProblem({ xaa, wif, dev }: Pick<Config, 'xaa' | 'wif' | 'dev'>, own: string): string | null {
  if (wif.enabled && wif.workloads.length === 0)
    return 'wif.enabled is on, and wif.workloads is empty: no program could be known.'
  const named = wif.issuers.map(({ issuer }) => issuer)
  const twice = firstTwice(named)
  if (twice !== null) return `wif.issuers: ${twice} is there twice.`
  const both = xaa.providers.find(({ issuer }) => named.includes(issuer))
  if (both !== undefined)
    return `wif.issuers: ${both.issuer} is one of xaa.providers, too. Whoever vouches for people must not vouch for programs.`
  const problem = wif.issuers.map((issuer) => issuerProblem(issuer, own, dev)).find((found) => found !== null)
  if (problem !== undefined) return `wif.issuers: ${problem}`
  const same = firstTwice(wif.workloads.map(({ name }) => name))
  if (same !== null) return `wif.workloads: the name ${same} is there twice.`
  const stray = wif.workloads.find(({ issuer }) => !named.includes(issuer))
  return stray === undefined ? null : `wif.workloads: ${stray.name} names ${stray.issuer}, which is not in wif.issuers.`
}

const firstTwice = (names: readonly string[]): string | null =>
  names.find((name, index) => names.indexOf(name) !== index) ?? null
