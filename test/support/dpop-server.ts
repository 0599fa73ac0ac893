/**
 * A server, a machine that asks it for tokens, and proofs for its token endpoint.
 *
 * @module
 */
import type { ConfigInput } from '../../server/config.ts'
import { createTestServer, postForm, RESOURCE, type TestServer } from './authorization-server.ts'
import { addSecretClient } from './confidential-clients.ts'
import { type Crafted, craftProof, createProver, type Proven, type Prover } from './dpop-proofs.ts'

const open: TestServer[] = []

/** For `afterAll`. */
export const closeDpopWorlds = async (): Promise<void> =>
  void (await Promise.all(open.splice(0).map((server) => server.close())))

/** `own`: whose proofs they are, unless somebody else is named. */
export async function createDpopWorld(config: ConfigInput = {}, own?: Prover) {
  const server = await createTestServer({ client_credentials: { enabled: true }, ...config })
  open.push(server)
  const prover = own ?? (await createProver())
  const machine = await addSecretClient(server)
  const proof = (changed: Partial<Proven> = {}, crafted: Crafted = {}, by = prover): Promise<string> => {
    const { now } = server.clock
    return craftProof(by, { method: 'POST', url: `${server.issuer}/oauth/token`, now, ...changed }, crafted)
  }
  const post = (form: Parameters<typeof postForm>[2], dpop?: string, headers: Record<string, string> = {}) =>
    postForm(server, '/oauth/token', form, { ...headers, ...(dpop === undefined ? {} : { dpop }) })
  const ask = (dpop?: string, by = machine) =>
    post({ grant_type: 'client_credentials', resource: RESOURCE, scope: 'notes:read' }, dpop, by.basic)
  /** Why the last request was refused, as the audit log has it. */
  const lastReason = () => {
    const event = server.events.at(-1)
    return event?.type === 'token_rejected' ? event.reason : event?.type
  }
  return { server, prover, machine, proof, post, ask, lastReason }
}
