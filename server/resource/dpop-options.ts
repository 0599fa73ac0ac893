/**
 * The settings of a protected resource for tokens that are bound to a key.
 *
 * @see RFC 9449 section 9 (nonces), section 11.1 (replay)
 * @see RFC 9728 section 2: what the metadata says of it
 * @module
 */
import { randomBytes } from 'node:crypto'
import { DPOP_ALGORITHMS, type DpopAlgorithm, isDpopAlgorithm } from '../../shared/dpop/public-key.ts'
import { type DpopReplays, MAX_DPOP_TOLERANCE } from '../../shared/dpop/verify-proof.ts'
import { createReplayMemory } from './replay-memory.ts'

/** Bound tokens are always accepted, with a proof. Times in seconds. */
export interface DpopOptions {
  /** Whether tokens that are bound to no key are refused. Default: false. */
  readonly required?: boolean | undefined
  /** A subset of {@link DPOP_ALGORITHMS}. Default: all of them. */
  readonly algorithms?: readonly DpopAlgorithm[] | undefined
  /** How far the time of a proof may be from ours, at most 300, which is the default. */
  readonly tolerance?: number | undefined
  /** Whether every proof needs a nonce that this resource gave out. Default: false. */
  readonly requireNonce?: boolean | undefined
  /** At least 32 characters of full entropy, the same for all replicas. Default: a new one for each process. */
  readonly nonceSecret?: string | undefined
  /** After how long there is a new nonce; the one before is accepted for as long again. Default: 60. */
  readonly nonceLifetime?: number | undefined
  /** Remembers the proofs that were used. Default: the memory of this process. Replicas need one that they share. */
  readonly replays?: DpopReplays | undefined
}

export type DpopSettings = { readonly [Name in keyof DpopOptions]-?: Exclude<DpopOptions[Name], undefined> }

export function settleDpopOptions(options: DpopOptions = {}): DpopSettings {
  return {
    required: options.required ?? false,
    algorithms: options.algorithms ?? DPOP_ALGORITHMS,
    tolerance: options.tolerance ?? MAX_DPOP_TOLERANCE,
    requireNonce: options.requireNonce ?? false,
    nonceSecret: options.nonceSecret ?? randomBytes(32).toString('base64url'),
    nonceLifetime: options.nonceLifetime ?? 60,
    replays: options.replays ?? createReplayMemory(),
  }
}

export function* dpopProblems({ algorithms, tolerance, nonceSecret, nonceLifetime }: DpopSettings): Generator<string> {
  if (algorithms.length === 0 || !algorithms.every(isDpopAlgorithm))
    yield `dpop.algorithms must be among ${DPOP_ALGORITHMS.join(', ')}`
  if (!(tolerance > 0 && tolerance <= MAX_DPOP_TOLERANCE))
    yield `dpop.tolerance must be more than 0 and at most ${MAX_DPOP_TOLERANCE} seconds`
  if (nonceSecret.length < 32) yield 'dpop.nonceSecret must have at least 32 characters'
  if (!(nonceLifetime > 0)) yield 'dpop.nonceLifetime must be more than 0 seconds'
}
