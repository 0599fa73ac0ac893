/**
 * What the page runs: a web application without a server of its own. The person signs in in a window beside it.
 *
 * @module
 */
import { popup } from '../../client/browser/index.ts'
import { createSession, describeError } from '../../client/index.ts'

// In your application: the URL of your MCP server, and `sallyport/client/browser` and `sallyport/client` for the imports.
const url = new URLSearchParams(location.search).get('mcp') ?? ''
const interaction = popup({ redirectUri: `${location.origin}/callback.html` })
const session = createSession(url, { client: { name: 'My web app' }, interaction })

const output = document.querySelector('output')
const show = (text: string): void => {
  if (output !== null) output.textContent = text
}

document.querySelector('#sign-in')?.addEventListener('click', async () => {
  try {
    // The window now, while the browser knows that somebody has clicked: later it lets none open.
    const { scope, tokenType } = await interaction.during(() => session.authorize())
    show(`Signed in with a ${tokenType} token for ${scope.join(' ')}`)
  } catch (error) {
    show(describeError(error))
  }
})

document.querySelector('#call')?.addEventListener('click', async () => {
  const answer = await session.fetch(session.resource, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } }),
  })
  show(await answer.text())
})

document.querySelector('#sign-out')?.addEventListener('click', async () => {
  const { revoked, deleted } = await session.logout()
  show(`Signed out: revoked ${revoked}, deleted ${deleted}`)
})
