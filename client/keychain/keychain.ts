/**
 * What the store needs of a keychain: one secret.
 *
 * @module
 */

/** Keeps one short text where nobody else can read it. Both reject where that is not possible now, and may take as long as a person takes. */
export interface Keychain {
  /** `undefined` where there is none; never because it cannot be read. */
  read(signal: AbortSignal): Promise<string | undefined>
  write(secret: string, signal: AbortSignal): Promise<void>
}
