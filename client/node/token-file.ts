/**
 * A token in a file that the platform renews: Kubernetes projects service account tokens so, SPIFFE helpers write JWT-SVIDs.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'

/**
 * A source for `workloadIdentity`: reads the file each time, because what was in it an hour ago has expired. Space around the token does not
 * matter.
 *
 * @example workloadIdentity({ issuer: 'https://as.example.com', assertion: tokenFile('/var/run/secrets/tokens/mcp') })
 */
export const tokenFile = (path: string | URL) => async (): Promise<string> => (await readFile(path, 'utf8')).trim()
