/**
 * The flow that an SDK believes to be its own: begun by the session, ended by the host with `session.complete` or by the SDK with
 * `finishAuth`.
 *
 * @see docs/adr/0170-what-the-sdks-are-handed.md
 * @module
 */
import { readTokenResponse } from '../../shared/foreign-token-response.ts'
import { type Flow, type FlowRecord, isFlowRecord } from '../authorization/flow.ts'
import type { ValidatedServerMetadata } from '../discovery/discovery.ts'
import { SallyportError } from '../errors.ts'
import { chooseIdentity, findIdentity } from '../registration/choose.ts'
import type { ClientIdentity } from '../registration/client-identity.ts'
import { discoverForAuthorization } from '../session/authorize.ts'
import type { Session } from '../session/session.ts'
import { adopt, readStored, type SessionState } from '../session/state.ts'
import { flowKey } from '../stores/keys.ts'
import { toCredential } from '../token/credential.ts'

/** A host that takes people to the authorization server by itself. */
export interface OAuthHost {
  /** Where it receives the callback. */
  readonly redirectUrl: string
  /** Sends the person to `url` and returns. Keep `flow`: `session.complete(flow, callbackUrl)` judges the answer as a whole. */
  readonly redirect: (url: URL, flow: Flow) => void | Promise<void>
}

export type SdkFlow = ReturnType<typeof createSdkFlow>

/** One at a time: it is the latest that an answer belongs to. */
export function createSdkFlow(session: Session, state: SessionState, host: OAuthHost | undefined) {
  const { context } = state
  const { store } = context
  let latest: Flow | undefined
  let beginning: Promise<void> | undefined

  async function begin(to: OAuthHost, scope: readonly string[]): Promise<void> {
    latest = await session.begin({ redirectUri: to.redirectUrl, scope })
    await to.redirect(new URL(latest.url), latest)
  }

  /** Its record, while it waits for an answer. */
  async function pending(): Promise<FlowRecord | undefined> {
    const stored = latest && (await store.get(flowKey(latest.state)))
    return isFlowRecord(stored) ? stored : undefined
  }

  const discovered = async () => discoverForAuthorization(state, await readStored(state), undefined)

  return {
    /** Sends the person off. A transport may hit upon it with several requests at once. */
    redirect(to: OAuthHost, scope: readonly string[]): Promise<void> {
      beginning ??= begin(to, scope).finally(() => {
        beginning = undefined
      })
      return beginning
    },

    /** The server that a code was asked of is the one that gets it, whatever has been discovered since. */
    async discovery() {
      const record = await pending()
      const discovery = await discovered()
      if (record === undefined) return discovery
      return { ...discovery, issuer: record.issuer, serverMetadata: record.server }
    },

    /** The client that it is for, registered if need be. */
    async client(): Promise<{ readonly identity: ClientIdentity; readonly server: ValidatedServerMetadata }> {
      const record = await pending()
      const known = record && (await findIdentity(context, record.issuer, record.clientId))
      if (record !== undefined && known !== undefined) return { identity: known, server: record.server }
      const { serverMetadata: server } = await discovered()
      return { identity: (await chooseIdentity(context, server, host?.redirectUrl)).identity, server }
    },

    /** @throws {SallyportError} `flow_unknown` where none is waiting */
    async codeVerifier(): Promise<string> {
      const record = await pending()
      if (record === undefined) throw new SallyportError('flow_unknown')
      return record.codeVerifier
    },

    /**
     * The SDK has redeemed the code.
     *
     * @throws {SallyportError} `flow_unknown`, `invalid_response`, and as `toCredential` and `adopt`
     */
    async redeemed(answer: object): Promise<void> {
      const record = await pending()
      const tokens = readTokenResponse(answer)
      if (record === undefined) throw new SallyportError('flow_unknown')
      if (tokens === undefined) throw new SallyportError('invalid_response')
      await store.delete(flowKey(record.state), record.generation)
      const { issuer, clientId, resource, scope } = record
      const origin = { resource, issuer, clientId, requestedScope: scope, scope }
      await adopt(state, toCredential(tokens, origin, context.now()))
    },
  }
}
