/**
 * Every broken authorization server.
 *
 * @module
 */
import { ACCESS_TOKEN_MUTANTS } from './access-tokens.ts'
import { AUTHORIZATION_MUTANTS } from './authorization.ts'
import { CLIENT_MUTANTS, DOCUMENT_MUTANTS, REGISTRATION_MUTANTS, REVOCATION_MUTANTS } from './clients.ts'
import { METADATA_MUTANTS } from './metadata.ts'
import type { Mutant } from './mutant.ts'
import { REFRESH_MUTANTS, RESOURCE_MUTANTS, TOKEN_MUTANTS } from './tokens.ts'

export const MUTANTS: readonly Mutant[] = [
  ...METADATA_MUTANTS,
  ...AUTHORIZATION_MUTANTS,
  ...TOKEN_MUTANTS,
  ...RESOURCE_MUTANTS,
  ...ACCESS_TOKEN_MUTANTS,
  ...REFRESH_MUTANTS,
  ...CLIENT_MUTANTS,
  ...REVOCATION_MUTANTS,
  ...REGISTRATION_MUTANTS,
  ...DOCUMENT_MUTANTS,
]
