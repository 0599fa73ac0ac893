/**
 * The end of a flow: verify, consume, redeem, persist. Once.
 *
 * @see OAuth 2.1 section 4.1.2 (draft-ietf-oauth-v2-1-16)
 * @module
 */
import type { ClientContext } from '../context.ts'
import { hasCode, SallyportError } from '../errors.ts'
import { findIdentity, forgetIdentity } from '../registration/choose.ts'
import { flowKey } from '../stores/keys.ts'
import type { Credential } from '../token/credential.ts'
import { type Callback, verifyCallback } from './callback.ts'
import { exchangeCode } from './exchange.ts'
import { isFlowRecord } from './flow.ts'

/**
 * Verifies the response and redeems its code. A response that does not belong to the flow leaves the flow alone, so that a
 * stranger's request cannot end it; one that does uses it up, whatever it says.
 *
 * @throws {SallyportError} as `verifyCallback` and `exchangeCode`, and `flow_unknown` for a flow that is over or of another resource
 */
export async function completeFlow(
  context: ClientContext,
  state: string,
  callback: Callback,
  signal?: AbortSignal,
): Promise<Credential> {
  const { store } = context
  const flow = await store.get(flowKey(state))
  if (!isFlowRecord(flow) || flow.sessionResource !== context.resource) throw new SallyportError('flow_unknown')
  const verified = verifyCallback(callback, flow, context.now())
  if (!verified.ok) {
    if (endsFlow(verified.error)) await store.delete(flowKey(state), flow.generation)
    throw verified.error
  }
  // Of many calls with the same callback, the one that removed the record goes on.
  if (!(await store.delete(flowKey(state), flow.generation))) throw new SallyportError('flow_unknown')
  const identity = await findIdentity(context, flow.issuer, flow.clientId)
  if (identity === undefined) throw new SallyportError('client_issuer_mismatch')
  try {
    return await exchangeCode(context, verified.value, identity, signal)
  } catch (error) {
    // A registration that the server has lost must not be used for the next attempt.
    if (hasCode(error, 'invalid_client')) await forgetIdentity(context, identity)
    throw error
  }
}

const endsFlow = ({ code }: SallyportError): boolean =>
  code === 'authorization_denied' || code === 'authorization_failed' || code === 'flow_expired'
