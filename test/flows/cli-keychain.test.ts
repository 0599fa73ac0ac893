/**
 * Tokens behind the keychain, as the command line keeps them: with a real one, gnome-keyring on a message bus of its own.
 *
 * @see docs/adr/0160-the-keychain-keeps-one-key.md
 * @module
 */
import { afterAll, beforeAll, expect } from 'bun:test'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClientWorld, createClientWorld } from '../support/client-world.ts'
import { type KeychainState, openDesktop, testWithKeychain } from '../support/desktop.ts'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES } from '../support/spawn.ts'

let desktop: Awaited<ReturnType<typeof openDesktop>>
let world: ClientWorld
beforeAll(async () => {
  desktop = await openDesktop()
  world = await createClientWorld()
})
afterAll(async () => {
  await world.close()
  await desktop.close()
})

/** Both streams, and the exit code at the end. */
const run = (state: KeychainState, ...args: readonly string[]): Promise<string> => {
  const script = '"$@" 2>&1; echo "exit $?"'
  const given = [`BROWSER=${world.browser.program}`, 'XDG_STATE_HOME=', 'SALLYPORT_STORE=keychain']
  const command = [...RUNTIMES.node, `${ROOT}server/bin.ts`, ...args]
  return desktop.output(state, ['env', ...given, 'bash', '-c', script, 'run', ...command])
}

testWithKeychain(
  'login, status, token, call and logout with the keychain; files hold nothing that can be read',
  async () => {
    const url = world.demo.mcpUrl
    const signedIn = await run('unlocked', 'login', url)
    expect(signedIn).toContain(`Signed in to ${url}`)
    expect(signedIn).toEndWith('exit 0\n')
    expect(await run('unlocked', 'status', url)).toMatch(/token good for[\s\S]*exit 0\n$/)
    expect(await run('unlocked', 'call', url, 'whoami')).toMatch(/"user"[\s\S]*exit 0\n$/)
    expect(await run('unlocked', 'login', url, '--bearer')).toEndWith('exit 0\n')
    expect(await run('unlocked', 'token', url)).toMatch(/^eyJ\S+\nexit 0\n$/)
    expect(world.browser.opened).toHaveLength(2)

    // Not in the files of the other kind of store, and sealed in its own.
    expect(await run('unlocked', 'status', url, '--store', 'file')).toMatch(/signed out\nexit 3\n$/)
    const state = join(desktop.home, '.local/state/sallyport')
    const kept = (await readdir(state, { recursive: true, withFileTypes: true })).filter((one) => one.isFile())
    expect(kept.length).toBeGreaterThan(3)
    for (const { parentPath, name } of kept) {
      const text = await readFile(join(parentPath, name), 'utf8')
      expect(text).not.toMatch(/eyJ|access_token|accessToken/)
      expect(text).not.toContain(world.demo.issuer)
    }

    const locked = await run('locked', 'token', url)
    expect(locked).toMatch(/→ Where there is no keychain, --store file keeps tokens in files\.\nexit 1\n$/)
    expect(await run('unlocked', 'logout', url)).toMatch(/the tokens were revoked[\s\S]*exit 0\n$/)
    expect(await run('unlocked', 'status')).toMatch(/^Not signed in anywhere[\s\S]*exit 0\n$/)
  },
)
