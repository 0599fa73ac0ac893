/**
 * `sallyport login --device` at an authorization server that is not ours: node-oidc-provider.
 *
 * @see RFC 8628: a code is entered on another device
 * @module
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sallyport } from '../support/client-world.ts'
import { type ForeignGrants, startForeignGrants } from '../support/foreign-grants.ts'
import { ROOT } from '../support/source-tree.ts'
import { RUNTIMES, start } from '../support/spawn.ts'

setDefaultTimeout(60_000)

let foreign: ForeignGrants
let home: string
beforeAll(async () => {
  foreign = await startForeignGrants()
  home = await mkdtemp(join(tmpdir(), 'sallyport-device-'))
})
afterAll(async () => {
  foreign.close()
  await rm(home, { recursive: true })
})

test('the code is shown, entered elsewhere, and what comes of it is used by every command', async () => {
  const env = { PATH: Bun.env['PATH'] ?? '', HOME: home, XDG_STATE_HOME: home, BROWSER: '', NO_COLOR: '1' }
  const { resource } = foreign
  const login = start([...RUNTIMES.bun, `${ROOT}server/bin.ts`, 'login', resource, '--device'], { cwd: home, env })
  const [, code = '', address = ''] = await login.error.until(/enter the code (\S+):\n {2}(\S+)\n/)
  expect(code).toMatch(/^[A-Z]{4}-[A-Z]{4}$/)
  expect(address).toBe(`${foreign.issuer}/device`)
  const [, direct = ''] = await login.error.until(/has the code in it:\n {2}(\S+)\n/)
  expect(direct).toContain(code)
  await foreign.enter(direct)
  expect(await login.exited).toBe(0)
  expect(await login.error.end()).toContain(`Signed in to ${resource}`)
  expect(foreign.grants).toEqual(['urn:ietf:params:oauth:grant-type:device_code'])

  const { out } = await sallyport({ env, home }, ['fetch', resource])
  expect(JSON.parse(out)).toMatchObject({ sub: 'ada' })
  expect(await sallyport({ env, home }, ['status', resource])).toMatchObject({ code: 0 })
})
