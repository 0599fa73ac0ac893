/**
 * What checks need of Node, Bun or Deno: requests that `fetch` cannot send, and a place for documents of clients on this machine.
 *
 * @module
 */

export { fetchLines } from './fetch-lines.ts'
export { publishHere } from './publish-here.ts'
