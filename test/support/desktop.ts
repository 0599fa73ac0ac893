/**
 * A desktop session without a desktop: a message bus of its own, and gnome-keyring on it. Where Debian's packages `dbus` and `gnome-keyring` are
 * missing, the tests say so and are skipped.
 *
 * @module
 */
import { test } from 'bun:test'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from './spawn.ts'

const MISSING = ['dbus-run-session', 'gnome-keyring-daemon'].filter((program) => Bun.which(program) === null)

/** A test that needs the keychain of a desktop. */
export function testWithKeychain(name: string, body: () => Promise<void>): void {
  if (MISSING.length === 0) {
    test(name, body, 60_000)
    return
  }
  const without = `no ${MISSING.join(', ')}: install the packages dbus and gnome-keyring`
  console.error(`\n!!! NOT RUN: "${name}" (${without})\n`)
  test.skip(`${name} (${without})`, body)
}

/**
 * The keychain of the session: unlocked; locked, with nobody who could unlock it; locked, and a window that nobody answers; with a daemon that has
 * stopped; or without any.
 */
export type KeychainState = 'unlocked' | 'locked' | 'asking' | 'stopped' | 'absent'

const SCRIPT = `
state=$1; shift
case $state in
  absent) ;;
  locked|asking) gnome-keyring-daemon --foreground --start --components=secrets >/dev/null 2>&1 & daemon=$! ;;
  *) printf secret | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 & daemon=$! ;;
esac
owner="dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets"
until [ $state = absent ] || $owner 2>/dev/null | grep -q true; do :; done
if [ $state = stopped ]; then kill -STOP $daemon; fi
"$@"
if [ $state != absent ]; then kill -CONT $daemon; kill $daemon; fi
`

/** Takes the place of the program that shows the window, and shows none. */
const PROMPTER = '[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\nExec=/bin/sleep 2\n'

export async function openDesktop() {
  const home = await mkdtemp(join(tmpdir(), 'sallyport-desktop-'))
  const runtime = join(home, 'run')
  const services = join(home, 'data/dbus-1/services')
  await mkdir(runtime, { mode: 0o700 })
  await mkdir(services, { recursive: true })
  return {
    home,
    /** What a command prints in a session whose keychain is in that state. */
    async output(state: KeychainState, command: readonly string[]): Promise<string> {
      await rm(join(services, 'prompter.service'), { force: true })
      if (state === 'asking') await writeFile(join(services, 'prompter.service'), PROMPTER)
      const env = {
        HOME: home,
        XDG_DATA_HOME: join(home, 'data'),
        XDG_RUNTIME_DIR: runtime,
        DBUS_SESSION_BUS_ADDRESS: '',
      }
      const session = ['dbus-run-session', '--', 'bash', '-c', SCRIPT, 'session', state]
      const { out, error } = await run([...session, ...command], { env })
      if (out === '') throw new Error(error)
      return out
    },
    close: () => rm(home, { recursive: true, force: true }),
  }
}
