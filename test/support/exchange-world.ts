/**
 * A person, the application that they use, and a chain of servers that pass the request on: notes, then mail, then archive.
 *
 * @module
 */
import { decodeJwt } from 'jose'
import type { ConfigInput } from '../../server/config.ts'
import type { Client } from '../../server/core/records.ts'
import { ACCESS_TOKEN_TOKEN_TYPE, TOKEN_EXCHANGE_GRANT } from '../../shared/token-exchange.ts'
import { codeForm, createTestServer, obtainCode, postForm, type TestServer } from './authorization-server.ts'
import { addSecretClient, type SecretClient } from './confidential-clients.ts'
import { type Crafted, craftProof, type Prover } from './dpop-proofs.ts'

export const NOTES = 'https://notes.example/mcp'
export const MAIL = 'https://mail.example/mcp'
export const ARCHIVE = 'https://archive.example/mcp'
/** Nobody may exchange anything for it. */
export const VAULT = 'https://vault.example/mcp'

/** Of all resources: a token for one may hold what its server asks of the next. */
const scopes = { read: 'Read', write: 'Write', send: 'Send', admin: 'Everything' }
const scope_hierarchy = { write: ['read'] }

export const EXCHANGE: ConfigInput = {
  client_credentials: { enabled: true },
  token_exchange: {
    enabled: true,
    allow: [
      { from: NOTES, to: MAIL },
      { from: MAIL, to: ARCHIVE },
      { from: ARCHIVE, to: MAIL },
    ],
  },
  resources: [
    { identifier: NOTES, scopes, scope_hierarchy, aliases: [`${NOTES}/`] },
    { identifier: MAIL, scopes, scope_hierarchy },
    { identifier: ARCHIVE, scopes: { read: 'Read', write: 'Write' } },
    { identifier: VAULT, scopes },
  ],
}

type Form = Parameters<typeof postForm>[2]

export interface Answer {
  readonly access_token: string
  readonly issued_token_type: string
  readonly token_type: string
  readonly expires_in: number
  readonly scope: string
}

const GRANTS = [TOKEN_EXCHANGE_GRANT, 'client_credentials', 'authorization_code', 'refresh_token']

export type ExchangeWorld = Awaited<ReturnType<typeof createExchangeWorld>>

export async function createExchangeWorld(config: ConfigInput = {}) {
  const server = await createTestServer({
    ...EXCHANGE,
    ...config,
    token_exchange: { ...EXCHANGE.token_exchange, ...config.token_exchange },
  })
  const add = (changes: Partial<Client> = {}) => addSecretClient(server, { grantTypes: GRANTS, ...changes })
  const [host, notes, mail, archive] = await Promise.all([
    add({ id: 'host' }),
    add({ id: 'notes-server', resource: NOTES }),
    add({ id: 'mail-server', resource: MAIL }),
    add({ id: 'archive-server', resource: ARCHIVE }),
  ])

  const post = (form: Form, by: SecretClient, dpop?: string): Promise<Response> =>
    postForm(server, '/oauth/token', form, { ...by.basic, ...(dpop === undefined ? {} : { dpop }) })

  /** The person's token for notes, at their application. */
  async function personToken(scope = 'read write send', { resource = NOTES, by = host, dpop = '' } = {}) {
    const code = await obtainCode(server, by.id, { resource, scope })
    const { client_id: _, ...form } = codeForm(by.id, code)
    const response = await post({ ...form, resource }, by, dpop === '' ? undefined : dpop)
    if (response.status !== 200) throw new Error(await response.text())
    return (await response.json()) as { access_token: string; refresh_token: string }
  }

  /** A token of a client's own. */
  async function machineToken(by: SecretClient, { resource = MAIL, scope = 'read write', dpop = '' } = {}) {
    const form = { grant_type: 'client_credentials', resource, scope }
    const response = await post(form, by, dpop === '' ? undefined : dpop)
    if (response.status !== 200) throw new Error(await response.text())
    const { access_token }: Answer = await response.json()
    return access_token
  }

  const form = (subject_token: string, changes: Form = {}): Form => ({
    grant_type: TOKEN_EXCHANGE_GRANT,
    subject_token,
    subject_token_type: ACCESS_TOKEN_TOKEN_TYPE,
    resource: MAIL,
    ...changes,
  })
  const ask = (subject: string, by: SecretClient, changes: Form = {}, dpop?: string) =>
    post(form(subject, changes), by, dpop)

  /** An exchange that must be answered. */
  async function exchange(subject: string, by: SecretClient, changes: Form = {}, dpop?: string) {
    const response = await ask(subject, by, changes, dpop)
    if (response.status !== 200) throw new Error(`${await response.text()} ${lastReason(server)}`)
    const answer: Answer = await response.json()
    return { ...answer, claims: decodeJwt(answer.access_token) }
  }

  /** The parameters by which a client names itself as the actor. */
  const actingAs = async (by: SecretClient): Promise<Form> => ({
    actor_token: await machineToken(by),
    actor_token_type: ACCESS_TOKEN_TOKEN_TYPE,
  })

  const introspect = async (token: string, by: SecretClient): Promise<Record<string, unknown>> =>
    (await postForm(server, '/oauth/introspect', { token }, by.basic)).json()
  const revoke = (token: string, by: SecretClient) => postForm(server, '/oauth/revoke', { token }, by.basic)
  const proof = (by: Prover, crafted: Crafted = {}) =>
    craftProof(by, { method: 'POST', url: `${server.issuer}/oauth/token`, now: server.clock.now }, crafted)

  return {
    ...{ server, host, notes, mail, archive, add, post, personToken, machineToken, form, ask, exchange, actingAs },
    ...{ introspect, revoke, proof, lastReason: () => lastReason(server), close: () => server.close() },
  }
}

/** Why the last request was refused, as the audit log has it. */
function lastReason({ events }: TestServer): string | undefined {
  const event = events.at(-1)
  return event?.type === 'token_rejected' ? event.reason : event?.type
}
