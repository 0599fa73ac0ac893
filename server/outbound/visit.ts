/**
 * One visit: the addresses of a target, a connection to one of them, what is said on it, and its end.
 *
 * @module
 */
import type { Socket } from 'node:net'
import { err, ok, type Result } from '../../shared/result.ts'
import type {
  OutboundAnswer,
  OutboundFailure,
  OutboundQuestion,
  OutboundReply,
  OutboundRequest,
} from '../core/outbound.ts'
import { findAddresses, resolveName } from './addresses.ts'
import { connectDirectly, openConnection, secure } from './connection.ts'
import type { OutboundOptions } from './create-outbound.ts'
import { exchange, exchangeQuestion } from './exchange.ts'
import type { Target } from './target.ts'

export interface VisitOptions extends Pick<OutboundOptions, 'privateNetworks' | 'resolve' | 'connect' | 'ca'> {
  /** Milliseconds for everything. */
  readonly limit: number
  readonly signal: AbortSignal
}

type Outcome<Answer> = Result<Answer, OutboundFailure>

export const get = (target: Target, request: OutboundRequest, how: VisitOptions): Promise<Outcome<OutboundAnswer>> =>
  connectAnd((socket) => exchange(socket, target, request), target, how)

export const ask = (target: Target, question: OutboundQuestion, how: VisitOptions): Promise<Outcome<OutboundReply>> =>
  connectAnd((socket) => exchangeQuestion(socket, target, question), target, how)

async function connectAnd<Answer>(
  talk: (socket: Socket) => Promise<Outcome<Answer>>,
  target: Target,
  { resolve = resolveName, connect = connectDirectly, privateNetworks = false, ca, limit, signal }: VisitOptions,
): Promise<Outcome<Answer>> {
  if (signal.aborted) return err('aborted')
  const addresses = await findAddresses(target, resolve, privateNetworks)
  if (!addresses.ok) return addresses
  // A quarter for each address: one that swallows packets leaves time for the next, and for the answer.
  const socket = await openConnection(addresses.value, target.port, { connect, limit: limit / 4, signal })
  if (socket === null) return err('unreachable')
  try {
    const connection = target.tls ? await secure(socket, target, ca) : ok(socket)
    return connection.ok ? await talk(connection.value) : connection
  } finally {
    socket.destroy()
  }
}
