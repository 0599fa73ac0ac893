/**
 * Runs the specs that are named in the arguments and prints how many tests passed and failed.
 *
 * @module
 */
import { resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { collect, runCollected } from './bun-test.ts'

for (const path of process.argv.slice(2)) await collect(() => import(pathToFileURL(resolve(path)).href))
// A time limit alone keeps no process of Node's alive, and a test may wait for just that.
const alive = setInterval(() => {}, 1000)
const { passed, failed } = await runCollected()
clearInterval(alive)
console.log(` ${passed} pass\n ${failed} fail`)
process.exit(failed === 0 ? 0 : 1)
