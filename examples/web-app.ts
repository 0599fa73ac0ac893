/**
 * A web application with a redirect of its own: `begin` gives a URL to send the person to, `complete` takes the URL that they come back with.
 * In between there is nothing but plain data, which is kept with the person's web session.
 *
 * @see RFC 9207: the answer says which server it comes from, and `complete` looks
 * @module
 */
import assert from 'node:assert/strict'
import { createSession, describeError, type Flow, memoryStore, SallyportError } from '../client/index.ts'
import { serve } from '../server/serve.ts'
import { startDemo } from './start-demo.ts'

// In your application: a store that all of its processes share. Whoever signs in has a profile of their own in it.
const store = memoryStore()
const flows = new Map<string, Flow>()

async function handle(request: Request): Promise<Response> {
  const { pathname, origin } = new URL(request.url)
  const user = /user=(\w+)/.exec(request.headers.get('cookie') ?? '')?.[1]
  if (user === undefined) return new Response('Who are you?', { status: 401 })
  const session = createSession(server.url, { client: { name: 'My web app' }, store, profile: user })
  switch (pathname) {
    case '/connect': {
      const flow = await session.begin({ redirectUri: `${origin}/callback` })
      flows.set(user, flow)
      return new Response(null, { status: 303, headers: { location: flow.url } })
    }
    case '/callback': {
      const flow = flows.get(user)
      flows.delete(user)
      if (flow === undefined) return new Response('You did not ask for that.', { status: 400 })
      try {
        // Issuer, `state`, `error`, `code`, in that order, and once.
        const { scope } = await session.complete(flow, request.url)
        return new Response(`Connected: ${scope.join(' ')}`)
      } catch (error) {
        if (!(error instanceof SallyportError)) throw error
        return new Response(`That did not work: ${describeError(error)}`, { status: 400 })
      }
    }
    default:
      return new Response(await session.status())
  }
}

const listening = await serve({ host: 'localhost', port: 0, fetch: handle })
assert(listening.ok)
const app = `http://localhost:${listening.value.port}`
const server = await startDemo()

// Ada's browser. The redirects lead from the application to the authorization server and back.
const visit = (path: string, user = 'ada') =>
  fetch(new URL(path, app), { headers: { cookie: `user=${user}` }, redirect: 'manual' })
const toServer = (await visit('/connect')).headers.get('location') ?? assert.fail('no redirect')
const back = (await fetch(toServer, { redirect: 'manual' })).headers.get('location') ?? assert.fail('no callback')

// An answer that pretends to come from somebody else, or to somebody else, is none.
const forged = new URL(back)
forged.searchParams.set('iss', 'https://evil.example')
assert.equal((await visit(back, 'eve')).status, 400)
assert.equal((await visit(forged.href)).status, 400)

const again = (await visit('/connect')).headers.get('location') ?? assert.fail('no redirect')
const answer = (await fetch(again, { redirect: 'manual' })).headers.get('location') ?? assert.fail('no callback')
assert.equal(await (await visit(answer)).text(), 'Connected: notes:read notes:write')
assert.equal((await visit(answer)).status, 400)
assert.equal(await (await visit('/')).text(), 'ready')
assert.equal(await (await visit('/', 'eve')).text(), 'signed-out')

await listening.value.close(0)
await server.close()
console.log('a web application connected one of its users')
