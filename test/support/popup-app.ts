/**
 * A web application without a server of its own, as a browser loads it: a button that signs in and calls a tool, and the page of the
 * redirect URI.
 *
 * @module
 */
import { finishPopup, popup } from '../../client/browser/index.ts'
import { createSession, SallyportError } from '../../client/index.ts'

const say = (words: string): void => {
  const output = document.createElement('output')
  output.textContent = words
  document.body.append(output)
}

async function signIn(resource: string, now: number): Promise<void> {
  const interaction = popup({ redirectUri: `${location.origin}/callback` })
  const session = createSession(resource, { client: { name: 'Web application' }, interaction, now: () => now })
  const button = document.createElement('button')
  button.textContent = 'Sign in'
  document.body.append(button)
  button.onclick = async () => {
    try {
      const grant = await interaction.during(() => session.authorize())
      const answer = await session.fetch(resource, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'tools/call',
          params: { name: 'whoami', arguments: {} },
        }),
      })
      say(`signed in: ${grant.tokenType} ${grant.scope.join(' ')}, answered ${answer.status}`)
    } catch (error) {
      say(`failed: ${error instanceof SallyportError ? error.code : error}`)
    }
  }
}

if (location.pathname === '/callback') {
  // What a script of the page sees, and what it sees afterwards.
  const had = location.search !== ''
  finishPopup()
  say(`callback ${had} ${location.search}`)
} else {
  const params = new URLSearchParams(location.search)
  await signIn(params.get('resource') ?? '', Number(params.get('now')))
}
