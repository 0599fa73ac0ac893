/**
 * Settings that give up some safety say so at every start.
 *
 * @module
 */
import { expect, setDefaultTimeout, test } from 'bun:test'
import { install, startServerProcess } from '../support/server-process.ts'

setDefaultTimeout(60_000)

test('whether machines wait for the audit log is told where machines get tokens, and only there', async () => {
  const cases = [
    [{ client_credentials: { enabled: true } }, 'audit.before_answer is off'],
    [{ client_credentials: { enabled: true }, audit: { before_answer: true } }, 'audit.before_answer is on'],
    [{}, null],
  ] as const
  for (const [config, told] of cases) {
    const installation = await install(config)
    const server = await startServerProcess(installation)
    server.kill('SIGINT')
    const said = await server.error.end()
    expect(/audit\.before_answer is \w+/.exec(said)?.[0] ?? null).toBe(told)
    await server.exited
    await installation.remove()
  }
})

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
