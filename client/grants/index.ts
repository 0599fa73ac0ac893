/**
 * Grants of companies and of chains of programs, apart from `sallyport/client`: what is not imported is not loaded.
 *
 * @module
 */
export { type CrossAppAccessOptions, crossAppAccess } from './cross-app-access.ts'
export type { IdentityProvider } from './identity-provider.ts'
export type { WantedSignIn } from './obtain-id-jag.ts'
export { type TokenExchangeOptions, tokenExchange } from './token-exchange.ts'
export type { TokenSource, TokenType } from './token-source.ts'
export { type WantedAssertion, type WorkloadIdentityOptions, workloadIdentity } from './workload-identity.ts'
