/**
 * Redirect URIs in words for a person.
 *
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { describeRedirectTarget, type RedirectTarget } from '../../server/pages/redirect-target.ts'

describe('AS-038 a person is shown where the answer goes', () => {
  const cases: readonly [uri: string, kind: RedirectTarget['kind'], shown: string][] = [
    ['https://claude.ai/api/mcp/auth_callback', 'web', 'claude.ai'],
    ['https://app.example.com:8443/cb?x=claude.ai', 'web', 'app.example.com:8443'],
    ['https://claude.ai.evil.example/cb', 'web', 'claude.ai.evil.example'],
    ['https://сlaude.ai/cb', 'web', 'xn--laude-0ye.ai'],
    ['http://127.0.0.1:43121/callback', 'loopback', '127.0.0.1:43121'],
    ['http://[::1]:43121/callback', 'loopback', '[::1]:43121'],
    ['http://localhost:3118/callback', 'loopback', 'localhost:3118'],
    ['https://localhost/callback', 'loopback', 'localhost'],
    ['cursor://anysphere.cursor-retrieval/oauth/callback', 'private-use', 'cursor://anysphere.cursor-retrieval'],
    ['com.example.app:/callback', 'private-use', 'com.example.app:'],
  ]
  test.each(cases)('%s', (uri, kind, shown) => expect(describeRedirectTarget(uri)).toEqual({ kind, shown }))
})
