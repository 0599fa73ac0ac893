/**
 * What an authorization server does beside answering: forgets what expired, and changes its signing keys. Programs that embed Sallyport
 * start it beside `createServer`; `main.ts` does.
 *
 * @module
 */
import { purgeJob } from './background/purge.ts'
import { revalidateJob } from './background/revalidate.ts'
import { rotateKeysJob } from './background/rotate-keys.ts'
import { type Background, type Job, runJobs } from './background/run-jobs.ts'
import { type CompanySignInOptions, companies } from './company-sign-in.ts'
import type { Settings } from './config.ts'
import { type Audit, type AuditEvent, type Circumstances, SERVER } from './core/audit.ts'
import type { Clock, Keep } from './core/ports.ts'
import { type ServerOptions, systemClock } from './create-server.ts'
import { auditedKeys } from './store/audited-keys.ts'
import type { OpenStore } from './store/open-store.ts'
import { random } from './store/random.ts'

export interface BackgroundOptions {
  readonly settings: Settings
  /** Stays the caller's: stop this before closing it. */
  readonly store: OpenStore
  /** Told of what failed; it is tried again. */
  readonly onFailure: (error: unknown) => void
  /** Told of what is done that the audit log holds. Default: nobody is. */
  readonly audit?: (event: AuditEvent, circumstances: Circumstances) => void
  /** Told of what an administrator should know. Default: nobody is. */
  readonly onWarning?: ServerOptions['onWarning']
}

/**
 * Starts the jobs. Of several processes on one database one does them at a time.
 *
 * @example
 * const background = startBackground({ settings, store, onFailure: console.error })
 * await background.stop()
 */
export function startBackground(options: BackgroundOptions): Background {
  const { settings, store, onFailure, onWarning, audit = () => {} } = options
  const { leases } = store
  const told: Audit = (entry) => audit(entry.event, entry)
  const company = companyJob(settings, { store, now: systemClock, random, audit: told, onWarning })
  const jobs = [...backgroundJobs(settings, store, systemClock, told), company]
  return runJobs(jobs, { leases, holder: random(16), now: systemClock, onFailure })
}

/** All there are. */
export const backgroundJobs = (
  settings: Settings,
  store: OpenStore,
  now: Clock = systemClock,
  audit?: Audit,
): readonly Job[] => [
  purgeJob(store, now, keepOf(settings)),
  rotateKeysJob(settings, auditedKeys(store.signingKeys, { actor: SERVER, now, audit }), now),
]

/** Of companies' identity providers, and of people whose provider is no longer one. */
function companyJob(settings: Settings, tools: CompanySignInOptions): Job {
  const upstream = companies(settings, tools)
  return revalidateJob(async (goOn) => (await upstream).revalidateDue(goOn))
}

/** How long records are kept. */
const keepOf = ({ audit, flows }: Settings): Keep => ({
  audit: audit.retention === 0 ? null : audit.retention,
  flows: flows.retention,
})
