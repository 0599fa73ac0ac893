/**
 * Proofs that are wrong, each in one place: every one must be refused, by an authorization server and by a resource server alike.
 *
 * @see RFC 9449 section 4.3
 * @module
 */
import { createKeys, type Keys, type Members } from './jws.ts'
import {
  buildProof,
  buildSymmetricProof,
  buildUnsignedProof,
  type ProofChanges,
  type ProofTarget,
  withoutQuery,
} from './proof.ts'

/** The header lines `DPoP` of a request. `claims`: the nonce that is wanted, the hash of the token. */
export type MakeProof = (keys: Keys, target: ProofTarget, claims: Members) => Promise<Proofs> | Proofs

export type Proofs = string | readonly string[]

export interface WrongProof {
  readonly id: string
  readonly title: string
  /** Which item of the list in RFC 9449 section 4.3 it offends. */
  readonly item: number
  readonly make: MakeProof
}

/** A right one, but for `changes`. */
export const goodProof =
  (changes: ProofChanges = {}): MakeProof =>
  (keys, target, claims) =>
    buildProof(keys, target, { ...changes, claims: { ...claims, ...changes.claims } })

const strangers = new Map<string, Promise<Keys>>()

/** Keys that nothing is bound to, for the same algorithm. */
export function strangerTo({ alg }: Pick<Keys, 'alg'>): Promise<Keys> {
  const keys = strangers.get(alg) ?? createKeys(alg)
  strangers.set(alg, keys)
  return keys
}

const twoProofs = async (...args: Parameters<MakeProof>): Promise<readonly [string, string]> => {
  const [keys, target, claims] = args
  return [await buildProof(keys, target, { claims }), await buildProof(keys, target, { claims })]
}

const wrong = (id: string, title: string, item: number, make: MakeProof): WrongProof => ({ id, title, item, make })

const lacking = (claim: string): WrongProof =>
  wrong(`no-${claim}`, `A proof without ${claim} is refused`, 3, goodProof({ claims: { [claim]: undefined } }))

/** One for each way to be wrong. */
export const WRONG_PROOFS: readonly WrongProof[] = [
  wrong('several', 'Two header lines with a proof each are refused', 1, twoProofs),
  wrong('joined', 'Two proofs in one header line, as proxies join them, are refused', 1, async (...args) =>
    (await twoProofs(...args)).join(', '),
  ),
  wrong('not-jwt', 'A proof that is no JWT is refused', 2, () => 'conformance'),
  lacking('jti'),
  lacking('htm'),
  lacking('htu'),
  lacking('iat'),
  wrong('type', 'A proof of another type than dpop+jwt is refused', 4, goodProof({ header: { typ: 'JWT' } })),
  wrong('no-type', 'A proof that does not say its type is refused', 4, goodProof({ header: { typ: undefined } })),
  wrong('no-algorithm', 'A proof that names no algorithm is refused', 5, goodProof({ header: { alg: undefined } })),
  wrong('none', 'A proof that is not signed (alg none) is refused', 5, (keys, target, claims) =>
    buildUnsignedProof(keys, target, { claims }),
  ),
  wrong('symmetric', 'A proof with a symmetric signature is refused', 5, buildSymmetricProof),
  wrong('no-key', 'A proof without a key is refused', 6, goodProof({ header: { jwk: undefined } })),
  wrong('signature', 'A proof that another key signed is refused', 6, async (keys, target, claims) =>
    buildProof(keys, target, { claims, signedBy: await strangerTo(keys) }),
  ),
  wrong('private-key', 'A proof that gives its private key away is refused', 7, (keys, target, claims) =>
    buildProof(keys, target, { header: { jwk: keys.privateJwk }, claims }),
  ),
  wrong('method', 'A proof for another method is refused', 8, goodProof({ claims: { htm: 'GET' } })),
  wrong('url', 'A proof for another path of this host is refused', 9, (keys, target, claims) =>
    buildProof(keys, { ...target, url: `${withoutQuery(target.url)}/conformance` }, { claims }),
  ),
  wrong(
    'scheme',
    'A proof for the same URL over http instead of https, or the other way round, is refused',
    9,
    (keys, target, claims) =>
      buildProof(
        keys,
        { ...target, url: target.url.replace(/^http(s?)/, (_, secure: string) => (secure === '' ? 'https' : 'http')) },
        { claims },
      ),
  ),
  wrong('other-host', 'A proof for another host is refused', 9, (keys, target, claims) =>
    buildProof(keys, { ...target, url: `https://attacker.example${new URL(target.url).pathname}` }, { claims }),
  ),
]

/** Seconds. What nobody calls "seconds or minutes" (RFC 9449 section 11.1), and what is still generous. */
export const LONG_AGO = 30 * 60
export const A_WHILE = 10 * 60
/** What clocks differ by. */
export const A_MOMENT = 5
