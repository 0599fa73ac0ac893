/**
 * A store whose records only the operating system's keychain opens. Needs the optional package `@napi-rs/keyring`.
 *
 * @module
 */
export type { Keychain } from './keychain.ts'
export { type KeychainStoreOptions, keychainStore } from './keychain-store.ts'
export { type OsKeychainOptions, osKeychain } from './os-keychain.ts'
