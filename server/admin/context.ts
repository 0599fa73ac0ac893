/**
 * What the administrator's commands work with. Each is a function of this and its arguments that returns what to print, so that the
 * CLI is one way to call them and others can follow.
 *
 * @module
 */
import type { Result } from '../../shared/result.ts'
import { type Problem, refusal } from '../config/problem.ts'
import type { Clock, Hash, Random, Store } from '../core/ports.ts'
import type { User } from '../core/records.ts'

export interface AdminContext {
  readonly store: Pick<Store, 'users' | 'identities' | 'clients' | 'clientDocuments' | 'registrationTokens'>
  readonly accounts: Accounts
  readonly now: Clock
  readonly random: Random
  readonly hash: Hash
  /** Resolves once every process has noticed what was changed about a client before the call. */
  readonly noticed: () => Promise<void>
}

/** The rules of local accounts, which the login layer keeps. */
export interface Accounts {
  create(
    username: string,
    password: string,
  ): Promise<Result<User, 'bad_username' | 'bad_password_length' | 'username_taken'>>
  /** A password as it is stored. */
  encode(password: string): Promise<Result<string, 'bad_password_length'>>
}

/** What a command prints, or why it did nothing. */
export type Outcome = Promise<Result<string, Problem>>

/** A failed outcome, exit code 1. */
export const refuse = (message: string) => ({ ok: false, error: refusal(message) }) as const
