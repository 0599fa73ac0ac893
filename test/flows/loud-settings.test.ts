/**
 * Settings that give up some safety say so at every start.
 *
 * @module
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { install, startServerProcess } from '../support/server-process.ts'

setDefaultTimeout(60_000)

test('compat.token_endpoint_audience is loud, and its absence is not', async () => {
  for (const on of [true, false]) {
    const installation = await install({ compat: { token_endpoint_audience: on } })
    const server = await startServerProcess(installation)
    server.kill('SIGINT')
    const said = await server.error.end()
    expect(said.includes('compat.token_endpoint_audience is on')).toBe(on)
    await server.exited
    await installation.remove()
  }
})
