/**
 * A keychain that is a file: another implementation than the operating system's, as somebody has who mounts secrets.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import type { Keychain } from '../../client/keychain/index.ts'

export const fileKeychain = (path: string): Keychain => ({
  read: (signal) =>
    readFile(path, { encoding: 'utf8', signal }).catch((error) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    }),
  write: (secret, signal) => writeFile(path, secret, { mode: 0o600, signal }),
})
