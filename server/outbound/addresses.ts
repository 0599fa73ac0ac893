/**
 * The addresses behind a name, each of them checked. They are what is connected to: the name is not resolved a second time.
 *
 * @see RFC 6890: special-use addresses
 * @see RFC 6761 section 6.3: names below `localhost` are this machine, and are not asked for
 * @module
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { classifyAddress } from '../../shared/address-class.ts'
import type { AddressClass } from '../../shared/host-class.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import type { OutboundFailure } from '../core/outbound.ts'
import type { Target } from './target.ts'

/** The addresses of a name. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** As the operating system resolves names. */
export const resolveName: Resolve = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address)

/** One special-use address among them refuses the name: nobody serves a document from there and from the internet at once. */
export async function findAddresses(
  { name, loopback }: Target,
  resolve: Resolve,
  privateNetworks: boolean,
): Promise<Result<readonly string[], OutboundFailure>> {
  if (loopback) return ok(isIP(name) === 0 ? ['127.0.0.1', '::1'] : [name])
  const addresses = isIP(name) === 0 ? await resolve(name).catch(() => []) : [name]
  if (addresses.length === 0) return err('unresolvable')
  const admitted = privateNetworks ? WITH_PRIVATE : PUBLIC
  return addresses.every((address) => admitted.includes(classifyAddress(address)))
    ? ok(addresses)
    : err('special_use_address')
}

const PUBLIC: readonly AddressClass[] = ['public']

/** RFC 1918 and RFC 4193. Not loopback, and not link-local, where clouds keep the credentials of their machines. */
const WITH_PRIVATE: readonly AddressClass[] = ['public', 'private', 'uniqueLocal']
