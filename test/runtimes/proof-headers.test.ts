/**
 * Two `DPoP` header fields are two proofs on every runtime, however it joins them.
 *
 * @see RFC 9449 section 4.3: not more than one
 * @module
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { registerClient } from '../support/authorization-server.ts'
import { craftProof, createProver } from '../support/dpop-proofs.ts'
import { type Installation, install, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { RUNTIMES } from '../support/spawn.ts'

setDefaultTimeout(60_000)

const prover = await createProver()

describe.each(Object.entries(RUNTIMES))('%s', (_, runtime) => {
  let installation: Installation
  let server: ServerProcess
  beforeAll(async () => {
    installation = await install({ shutdown: { drain: 0 } })
    server = await startServerProcess(installation, { runtime })
  })
  afterAll(async () => {
    server.kill()
    await server.exited
    await installation.remove()
  })

  /** What is told to a client whose code nobody knows, with these header lines as they are. */
  async function redeem(
    lines: readonly (readonly [string, string])[],
  ): Promise<{ error: string; error_description: string }> {
    const { client_id } = await registerClient(server)
    const form = { grant_type: 'authorization_code', code: 'x', code_verifier: 'v'.repeat(43), client_id }
    const body = new URLSearchParams(form).toString()
    const always = [
      ['host', new URL(installation.issuer).host],
      ['content-type', 'application/x-www-form-urlencoded'],
      ['content-length', String(body.length)],
    ]
    const headers = [...always, ...lines].flat()
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const sent = request(`${installation.issuer}/oauth/token`, { method: 'POST', headers }, (response) =>
      text(response).then(resolve, reject),
    )
    sent.on('error', reject)
    sent.end(body)
    return JSON.parse(await promise)
  }

  const proof = () =>
    craftProof(prover, {
      method: 'POST',
      url: `${installation.issuer}/oauth/token`,
      now: Math.floor(Date.now() / 1000),
    })

  test('one is read', async () => {
    expect((await redeem([['DPoP', await proof()]])).error).toBe('invalid_grant')
  })

  test.each(['DPoP', 'dpop'])('and %s beside it is refused', async (name) => {
    const answer = await redeem([
      ['DPoP', await proof()],
      [name, await proof()],
    ])
    expect(answer).toMatchObject({
      error: 'invalid_dpop_proof',
      error_description: 'There must be one DPoP header, with one proof.',
    })
  })
})
