/**
 * What must hold between settings before a server starts, and what development fills in.
 *
 * @see RFC 8414 section 2: the issuer is an https URL without query and fragment
 * @module
 */
import { isLoopbackHost, isLoopbackUrl } from '../../shared/loopback.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import type { Config, Settings } from '../config.ts'
import { oidcProblem } from './oidc.ts'
import { type Problem, refusal } from './problem.ts'
import { resourcesProblem } from './resource.ts'
import { exchangeProblem } from './token-exchange.ts'
import { trustProblem } from './trust-rules.ts'

/** Settings that a server can start with. `devSecret` makes or finds the secret of a development server. */
export async function applyStartRules(
  config: Config,
  devSecret: () => Promise<string>,
): Promise<Result<Settings, Problem>> {
  const issuer = config.issuer ?? (config.dev && config.port !== 0 ? `http://localhost:${config.port}` : undefined)
  if (issuer === undefined) return refuse('issuer is not set: give --issuer or SALLYPORT_ISSUER its public https URL.')
  const problem =
    checkIssuer(issuer, config) ??
    checkLifetimes(config) ??
    checkWorkers(config) ??
    checkClientIds(config) ??
    checkDpop(config) ??
    oidcProblem(config.oidc, issuer, config.dev) ??
    exchangeProblem(config, issuer) ??
    trustProblem(config, issuer) ??
    checkResources(config)
  if (problem !== null) return refuse(problem)
  const secret = config.secret ?? (config.dev ? await devSecret() : undefined)
  if (secret === undefined) {
    return refuse(
      'secret is not set: put at least 32 bytes into SALLYPORT_SECRET, e.g. from `openssl rand -base64 32`.',
    )
  }
  if (secret.length < 32)
    return refuse(
      'the development secret in .sallyport/secret is damaged: delete the folder .sallyport, database included, and start again.',
    )
  return ok({ ...config, issuer, secret })
}

const refuse = (message: string) => err(refusal(message))

function checkIssuer(issuer: string, { dev, dev_login, host }: Config): string | null {
  const url = URL.parse(issuer)
  if (url === null) return 'issuer must be an absolute URL.'
  const loopback = isLoopbackUrl(url)
  if (dev && !loopback) return 'dev is refused: the issuer is not on loopback (http://localhost:PORT).'
  if (dev_login !== undefined && !loopback) return 'dev_login is refused: the issuer is not on loopback.'
  if ((dev || dev_login !== undefined) && !isLoopbackHost(host.includes(':') ? `[${host}]` : host)) {
    return `${dev ? 'dev' : 'dev_login'} is refused: host ${host} is not this machine alone. Leave --host out, or use localhost.`
  }
  if (url.protocol !== 'https:' && !(loopback && url.protocol === 'http:')) {
    return 'issuer must be https (http on loopback only).'
  }
  if (url.username !== '' || url.password !== '') return 'issuer must not hold a user name.'
  if (issuer.includes('?') || issuer.includes('#')) return 'issuer must not have a query or a fragment.'
  // Clients take the URL apart and compare strings: a spelling that does not survive that would never match.
  if (issuer !== url.href && `${issuer}/` !== url.href)
    return `issuer must be written as ${url.href.replace(/\/$/, '')}.`
  return null
}

function checkLifetimes({ refresh, keys }: Config): string | null {
  if (keys.rotation_interval > 0 && keys.rotation_interval < 3600) {
    return 'keys.rotation_interval must be 0 or at least 3600 seconds.'
  }
  if (refresh.idle_lifetime <= refresh.absolute_lifetime) return null
  return 'refresh.idle_lifetime must not be longer than refresh.absolute_lifetime.'
}

function checkClientIds({ cimd, dev }: Config): string | null {
  return cimd.require_https || dev ? null : 'cimd.require_https can be off with dev only.'
}

function checkWorkers({ workers, database }: Config): string | null {
  if (workers === 1 || database !== 'sqlite::memory:') return null
  return 'workers: a database in memory belongs to one process. Name a file, or PostgreSQL.'
}

function checkDpop({ dpop, resources }: Config): string | null {
  const needing = dpop.enabled ? undefined : resources.find((resource) => (resource.dpop ?? 'optional') !== 'optional')
  return needing === undefined
    ? null
    : `dpop.enabled is off, and ${needing.identifier} needs it: one of the two must change.`
}

function checkResources({ resources }: Config): string | null {
  const problem = resourcesProblem(resources)
  return problem === null ? null : `resources: ${problem}`
}
