#!/usr/bin/env node
/**
 * The installed command: says so when the runtime is too old, before anything is loaded that an old one does not have, and loads the side
 * that is asked for.
 *
 * @see docs/adr/0163-one-command-two-sides.md
 * @module
 */
import process from 'node:process'

/** `node:sqlite` without a flag, and sources without types, begin here. */
const OLDEST_NODE = [22, 18] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const tooOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])

// Bun and Deno name the Node version that they are compatible with.
if (tooOld) {
  process.stderr.write(
    `sallyport: Node ${OLDEST_NODE.join('.')} or later is needed, or Bun, or Deno; this is ${process.versions.node}.\n`,
  )
  process.exit(1)
}
// Whoever signs in, or bridges, does not wait for what a server needs, nor a server for what those need who manage it.
const { SESSION_COMMANDS } = await import('../client/cli/names.ts')
const [command = '', ...rest] = process.argv.slice(2)
if (SESSION_COMMANDS.includes(command)) await import('../client/cli/main.ts')
else if (command === 'server') {
  const { announce, runServer } = await import('./main.ts')
  await runServer(announce, { program: 'sallyport server', argv: rest })
} else await import('./cli.ts')
