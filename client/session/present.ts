/**
 * Showing a credential to the resource: as Bearer, or as DPoP with a proof of its own for each sending.
 *
 * @see RFC 9449 section 7.1 (the scheme), section 4.2 (`ath`), section 9 (nonces of resources)
 * @see RFC 9449 section 7.2: what is known of resources that do not know DPoP
 * @see docs/adr/0058-resources-that-do-not-know-dpop.md
 * @module
 */
import { findChallenge } from '../../shared/challenge.ts'
import { oncePer } from '../../shared/once-per.ts'
import { s256 } from '../../shared/pkce.ts'
import type { ClientContext } from '../context.ts'
import { isProofRefusal, type ProofRefusal, sendProven } from '../dpop/send-proven.ts'
import { SallyportError } from '../errors.ts'
import { withoutQuery } from '../events.ts'
import { discard } from '../http/request-json.ts'
import { type Credential, isBound, mustBeBound } from '../token/credential.ts'
import type { ReplayableRequest } from './replay.ts'

/**
 * Sends `request` with `credential`, or without any.
 *
 * @throws {SallyportError} `dpop_downgrade` for one that is not bound, where it has to be
 */
export async function present(
  context: ClientContext,
  request: ReplayableRequest,
  credential: Credential | undefined,
): Promise<Response> {
  if (credential === undefined) return request.send({})
  const asBearer = () => request.send({ authorization: `Bearer ${credential.accessToken}` })
  if (!isBound(credential)) {
    if (mustBeBound(context, credential)) throw new SallyportError('dpop_downgrade')
    return asBearer()
  }
  const asDpop = () => withProof(context, request, credential)
  if (mustBeBound(context, credential)) return asDpop()

  const peer = context.peers(request.url)
  const tried = peer.wantsBearer
  const first = tried ? await asBearer() : await asDpop()
  const wantsBearer = first.status === 401 ? dpopChallenge(first) === undefined : tried
  if (wantsBearer === tried) return first
  // Noted before it is sent again: a body that is a stream goes out right with the caller's next call.
  peer.wantsBearer = wantsBearer
  discard(first)
  context.emit({ type: 'dpop_retried', url: withoutQuery(request.url), because: 'scheme' })
  const second = wantsBearer ? await asBearer() : await asDpop()
  // It was not the scheme after all.
  if (second.status === 401) peer.wantsBearer = false
  return second
}

/** Whether it is the proof that was refused. */
export const isProofTrouble = (credential: Credential | undefined, response: Response): boolean =>
  credential !== undefined && isBound(credential) && refusal(response) !== undefined

async function withProof(
  context: ClientContext,
  { method, url, send }: ReplayableRequest,
  credential: Credential,
): Promise<Response> {
  const { accessToken, dpop } = credential
  if (dpop === undefined) throw new SallyportError('dpop_downgrade')
  return sendProven(context, dpop.key, {
    method,
    url,
    tokenHash: await hashOf(credential),
    send: (proof) => send({ authorization: `DPoP ${accessToken}`, dpop: proof }),
    refusal,
    discard,
  })
}

/** A token is sent many times, and hashing it costs as much as half a signature. */
const hashOf = oncePer(({ accessToken }: Credential) => s256(accessToken))

function refusal(response: Response): ProofRefusal | undefined {
  const error = response.status === 401 ? dpopChallenge(response)?.params['error'] : undefined
  return isProofRefusal(error) ? error : undefined
}

const dpopChallenge = ({ headers }: Response) => findChallenge(headers.get('www-authenticate'), 'dpop')
