/**
 * node-oidc-provider as a company's identity provider on a socket of this machine, with its own pages, and a server that signs people in there.
 *
 * @see https://github.com/panva/node-oidc-provider/blob/main/docs/README.md
 * @module
 */
import { createServer as createHttpServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import * as v from 'valibot'
import { companySignIn } from '../../server/company-sign-in.ts'
import { Config, type ConfigInput, type Settings } from '../../server/config.ts'
import type { AuditEvent } from '../../server/core/audit.ts'
import { createServer, systemClock } from '../../server/create-server.ts'
import { type OpenStore, openStore } from '../../server/store/open-store.ts'
import { random } from '../../server/store/random.ts'

const CLIENT_SECRET = 'a secret between the company and this server'
export const RESOURCE = 'https://notes.example/mcp'

export interface RealCompany {
  readonly issuer: string
  /** False: nobody works there any more. */
  employs: boolean
  close(): void
}

/** `own`: the issuer of the server that signs people in here. */
export async function listenRealCompany(own: () => string): Promise<RealCompany> {
  let handle = (_: unknown, response: { end(): void }): void => response.end()
  const listening = createHttpServer((request, response) => handle(request, response))
  await new Promise<void>((resolve) => listening.listen({ port: 0, host: '127.0.0.1' }, resolve))
  const address = listening.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const company = { issuer, employs: true, close: () => void listening.close() }
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'one' }] },
    cookies: { keys: ['a key of these tests only'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    clients: [
      {
        client_id: 'sallyport',
        client_secret: CLIENT_SECRET,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${own()}/oidc/callback/company`],
        post_logout_redirect_uris: [`${own()}/sign-in`],
        backchannel_logout_uri: `${own()}/oidc/back-channel-logout`,
        backchannel_logout_session_required: true,
      },
    ],
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username'],
    },
    issueRefreshToken: async () => true,
    fetch: (url: string | URL, init: RequestInit) => fetch(url, init),
    findAccount: async (_: unknown, id: string) =>
      company.employs
        ? {
            accountId: id,
            claims: async () => ({
              sub: id,
              name: 'Ada Lovelace',
              preferred_username: `${id}@company.example`,
              email: `${id}@company.example`,
              email_verified: true,
            }),
          }
        : undefined,
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true } },
  })
  const callback = provider.callback()
  handle = (request, response) => callback(request as never, response as never)
  return company
}

export interface CompanyServer {
  readonly issuer: string
  readonly settings: Settings
  readonly store: OpenStore
  readonly events: AuditEvent[]
  readonly failures: unknown[]
  /** Asks the company as if so many seconds had passed. */
  revalidate(seconds: number): Promise<void>
  close(): Promise<void>
}

type Providers = NonNullable<NonNullable<ConfigInput['oidc']>['providers']>

/** A server on a port of its own, through the real safe fetch. */
export async function serveCompany(
  port: number,
  {
    database = 'sqlite::memory:',
    providers,
    passwords = true,
  }: { database?: string; providers: Providers; passwords?: boolean },
): Promise<CompanyServer> {
  let handle: (request: Request) => Promise<Response | null> = async () => null
  const listening = Bun.serve({
    hostname: '127.0.0.1',
    port,
    fetch: async (request) => (await handle(request)) ?? new Response(null, { status: 404 }),
  })
  const issuer = `http://localhost:${listening.port}`
  const settings: Settings = {
    ...v.parse(Config, {
      dev: true,
      database,
      registration: { mode: 'open' },
      oidc: { providers, passwords },
      resources: [{ identifier: RESOURCE, name: 'Notes', scopes: { 'notes:read': 'Read your notes' } }],
    }),
    issuer,
    secret: 'a secret of this test only, 32 bytes and more',
  }
  const store = await openStore({ database })
  const events: AuditEvent[] = []
  const failures: unknown[] = []
  const audit = (event: AuditEvent): void => void events.push(event)
  const server = await createServer({ settings, store, audit, onFailure: (error) => failures.push(error) })
  handle = (request) => server.handle(request)
  return {
    issuer,
    settings,
    store,
    events,
    failures,
    async revalidate(seconds) {
      const now = (): number => systemClock() + seconds
      const upstream = await companySignIn(settings, { store, now, random, audit: ({ event }) => audit(event) })
      await upstream?.revalidateDue(async () => true)
    },
    async close() {
      await listening.stop(true)
      await server.close()
      await store.close()
    },
  }
}

export const atCompany = (issuer: string, changes: Partial<Providers[number]> = {}): Providers[number] => ({
  id: 'company',
  name: 'Example Corp',
  issuer,
  client_id: 'sallyport',
  client_secret: CLIENT_SECRET,
  ...changes,
})
