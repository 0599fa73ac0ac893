/**
 * Runs the pinned Bun for people who only have Node >= 20 and npm: installs what the lock file names if that changed since the
 * last install, then hands over to `node_modules/.bin/bun` with the same arguments, streams, signals and exit code.
 *
 *   node .ci/with-bun.mjs run dev --port 9200
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Whoever started this, read before anything else can happen to them. */
const parent = process.ppid
const root = fileURLToPath(new URL('..', import.meta.url))
const windows = process.platform === 'win32'
const bun = join(root, 'node_modules', '.bin', windows ? 'bun.exe' : 'bun')
const marker = join(root, 'node_modules', '.installed')

const wanted = fingerprint()
if (!isInstalled(wanted)) {
  const code = await install()
  if (code !== 0) {
    console.error('Installing the dependencies failed: see above. Is the npm registry reachable?')
    process.exit(code)
  }
  writeFileSync(marker, wanted)
}
process.exit(await run(bun, process.argv.slice(2), 'inherit'))

/** What an install depends on; another platform's binaries in a shared folder count as not installed. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const name of ['package.json', 'bun.lock']) hash.update(readFileSync(join(root, name)))
  return hash.digest('hex')
}

function isInstalled(fingerprint) {
  return existsSync(bun) && existsSync(marker) && readFileSync(marker, 'utf8') === fingerprint
}

/** Bun's own output goes to stderr, so that stdout stays the program's. */
function install() {
  const { version } = pinnedBun()
  console.error(`Installing the dependencies with Bun ${version} (only when they change) ...`)
  const args = ['install', '--frozen-lockfile']
  return installedBun() === version
    ? run(bun, args, ['ignore', 2, 2])
    : run(windows ? 'npx.cmd' : 'npx', ['--yes', `bun@${version}`, ...args], ['ignore', 2, 2])
}

function pinnedBun() {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return { version: devDependencies.bun }
}

function installedBun() {
  const file = join(root, 'node_modules', 'bun', 'package.json')
  return existsSync(bun) && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : null
}

/** Resolves to the exit code, by the shell's convention when a signal ended it. */
function run(command, args, stdio) {
  let child
  // Listened to before the start, so that none finds nobody. A terminal sends Ctrl-C to the whole group, and npm forwards it as well:
  // passed on once, the rest is the same keystroke.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    let last = 0
    process.on(signal, () => {
      const now = Date.now()
      if (now - last > 1000) child?.kill(signal)
      last = now
    })
  }
  child = spawn(command, args, { cwd: root, stdio, shell: windows && command.endsWith('.cmd') })
  // npm and its shell may die without a word to us; whoever stopped them meant us too.
  const watch = setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500)
  watch.unref()
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(`${command} could not be started: ${error.code ?? error.message}`)
      resolve(1)
    })
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}
