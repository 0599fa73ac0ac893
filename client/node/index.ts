/**
 * What the client needs of a platform with files, sockets and processes: Node, Bun and Deno.
 *
 * @module
 */
export { type FileStoreOptions, fileStore } from './file-store.ts'
export type { LeaseTimes } from './lease-lock.ts'
export { type LoopbackOptions, loopback } from './loopback.ts'
export { openBrowser } from './open-browser.ts'
export { paste } from './paste.ts'
export { tokenFile } from './token-file.ts'
