/**
 * `sallyport doctor`: finds everything from the URL of an MCP server, as a client would, and says in plain words what works, what does
 * not, and how to mend it.
 *
 * @module
 */
import { checkAuthorizationServer } from '../authorization-server/index.ts'
import { locateMetadata } from '../authorization-server/locate.ts'
import { createHttp } from '../core/http.ts'
import type { CheckResult, Report } from '../core/report.ts'
import { Trouble } from '../core/trouble.ts'
import { createRsContext } from '../resource-server/context.ts'
import { explainAnswer } from '../resource-server/first-answer.ts'
import { type CheckResourceServerOptions, checkResourceServer } from '../resource-server/index.ts'
import { STEPS, type Step } from './steps.ts'

export interface DiagnoseOptions extends Omit<CheckResourceServerOptions, 'only' | 'signer' | 'tool' | 'fetchesToken'> {
  /** Whether the whole way is gone: a client registers, and a token is fetched. Default: false, so that nothing is left behind. */
  readonly connect?: boolean | undefined
}

export interface StepResult extends Pick<Step, 'title' | 'matters'> {
  readonly results: readonly CheckResult[]
}

export interface Diagnosis {
  readonly url: string
  /** What the first answer means, where it says more than 401. */
  readonly first: string | undefined
  /** Whether the whole way was gone: otherwise no token was tried. */
  readonly connect: boolean
  /** The authorization server, as far as it was found. */
  readonly issuer: string | undefined
  /** How a client can say who it is. */
  readonly registration: string | undefined
  readonly steps: readonly StepResult[]
  /** The same as conformance reports. */
  readonly reports: readonly Report[]
}

/**
 * @example const diagnosis = await diagnose({ url: 'https://mcp.example.com/mcp' })
 */
export async function diagnose(options: DiagnoseOptions): Promise<Diagnosis> {
  const { url, fetch, timeout, now = () => Math.floor(Date.now() / 1000), connect = false, ...rest } = options
  const context = createRsContext(createHttp({ fetch, timeout }), { url, now })
  const first = await context.challenge().catch((error: unknown) => (error instanceof Trouble ? error : raise(error)))
  const steps = STEPS.filter(({ connects }) => connect || connects !== true)
  const only = steps.flatMap(({ checks }) => checks)
  const resource = await checkResourceServer({ ...rest, url, fetch, timeout, now, only, fetchesToken: connect })
  const about = await context.about().catch(() => undefined)
  const issuer = about?.issuer ?? (await namedIssuer(context))
  const server =
    issuer === undefined
      ? undefined
      : await checkAuthorizationServer({
          ...rest,
          issuer,
          resource: about?.resource,
          scope: options.scope ?? about?.scope,
          fetch,
          timeout,
          now,
          only: withoutRegistering(only, connect),
        })
  const reports = server === undefined ? [resource] : [resource, server]
  const byId = new Map(reports.flatMap(({ results }) => results).map((result) => [result.id, result]))
  return {
    url,
    first: first instanceof Trouble ? `${first.message}. ${first.mend}` : explainAnswer(first),
    connect,
    issuer,
    registration: issuer === undefined ? undefined : await waysToRegister(issuer, options),
    steps: steps.map(({ title, matters, checks }) => ({
      title,
      matters,
      results: checks.flatMap((id) => byId.get(id) ?? []),
    })),
    reports,
  }
}

/** What these send is refused, but not without a client that is known. */
const withoutRegistering = (only: readonly string[], connect: boolean): readonly string[] =>
  connect ? only : only.filter((id) => id !== 'token-cors')

const raise = (error: unknown): never => {
  throw error
}

/** The issuer that the metadata name, though something else is wrong with them. */
async function namedIssuer(context: ReturnType<typeof createRsContext>): Promise<string | undefined> {
  const found = await context.metadata().catch(() => undefined)
  const [issuer] = [found?.members['authorization_servers']].flat()
  return typeof issuer === 'string' && URL.canParse(issuer) ? issuer : undefined
}

async function waysToRegister(issuer: string, { fetch, timeout }: DiagnoseOptions): Promise<string | undefined> {
  const { metadata } = await locateMetadata(createHttp({ fetch, timeout }), issuer).catch(() => ({
    metadata: undefined,
  }))
  if (metadata === undefined) return undefined
  const ways = [
    ...(metadata['client_id_metadata_document_supported'] === true
      ? ['with a document of their own (client ID metadata document)']
      : []),
    ...(typeof metadata['registration_endpoint'] === 'string' ? ['by registering themselves'] : []),
  ]
  if (ways.length > 0) return `Clients can come ${ways.join(', or ')}, besides those that are registered by hand.`
  return 'Clients must be registered by hand: give the host a client id. Hosts that cannot be given one will not connect.'
}
