/**
 * The errors of the client: a closed union, each documented, with booleans that say what to do.
 *
 * @see RFC 6749 section 5.2
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { inspect } from 'node:util'
import { TEXTS } from '../../client/error-texts.ts'
import {
  AuthorizationRequiredError,
  clientCredentials,
  clientDocument,
  createSession,
  describeError,
  hasCode,
  privateKeyJwt,
  SallyportError,
  type SallyportErrorCode,
  type SessionOptions,
} from '../../client/index.ts'

const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8')
const rows = [...page.matchAll(/^\| `(\w+)` \| ([a-z ]*?) ?\| (.+) \|$/gm)].map(
  ([, code = '', flags = '', text = '']) => ({
    code,
    flags: flags.split(' ').filter((flag) => flag !== ''),
    text,
  }),
)

const isCode = (code: string): code is SallyportErrorCode => Object.hasOwn(TEXTS, code)

describe('docs/errors.md', () => {
  test('has every code once, and no other', () => {
    expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(TEXTS).sort())
  })

  test('says of each what the error itself says', () => {
    for (const { code, flags, text } of rows) {
      expect(text.length).toBeGreaterThan(10)
      if (!isCode(code)) throw new Error(code)
      const error = new SallyportError(code)
      const { interactive, retryable, final } = error
      const said = Object.entries({ interactive, retryable, final }).filter(([, is]) => is)
      expect([error.code, ...said.map(([name]) => name)]).toEqual([code, ...flags])
    }
  })

  test('names every reason of an AuthorizationRequiredError', () => {
    for (const reason of ['signed_out', 'token_rejected', 'refresh_rejected', 'insufficient_scope'] as const) {
      expect(page).toContain(`\`${reason}\``)
    }
  })
})

test('docs/client.md names every event and every purpose of a request', async () => {
  const [guide, source] = await Promise.all(
    ['../../docs/client.md', '../../client/events.ts'].map((path) => readFile(new URL(path, import.meta.url), 'utf8')),
  )
  const types = [...(source?.matchAll(/readonly type: '(\w+)'/g) ?? [])].map(([, type]) => type)
  const purposes = [...(source?.matchAll(/^ {2}\| '(\w+)'$/gm) ?? [])].map(([, purpose]) => purpose)
  expect([types.length, purposes.length].every((count) => count > 5)).toBe(true)
  for (const name of [...types, ...purposes]) expect(guide).toContain(`\`${name}\``)
})

describe('an error', () => {
  test('is an Error with a name, a code and what a server said, apart from the message', () => {
    const error = new SallyportError('invalid_grant', {
      oauthError: 'invalid_grant',
      errorDescription: 'foreign words',
    })
    expect(error).toMatchObject({
      name: 'SallyportError',
      code: 'invalid_grant',
      final: true,
      interactive: true,
      retryable: false,
    })
    expect(error.message).not.toContain('foreign words')
    expect(hasCode(error, 'timeout', 'invalid_grant')).toBe(true)
    expect(hasCode(new Error('x'), 'timeout')).toBe(false)
  })

  test('has a message that says where to read, and words for those who want them', async () => {
    const error = new SallyportError('issuer_mismatch', { errorDescription: 'foreign words' })
    expect(error.message).toBe('issuer_mismatch (sallyport/docs/errors.md)')
    expect(describeError(error)).toBe('The authorization server metadata names another issuer.')
    const { files } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(files).toContain('docs/errors.md')
    for (const code of Object.keys(TEXTS).filter(isCode)) {
      expect(describeError(new SallyportError(code))).toMatch(/^[A-Z].{10,}[^.]\.$/)
    }
    expect(describeError(new TypeError('Failed to fetch'))).toBe('Failed to fetch')
    expect(describeError('no error')).toBe('no error')
    const wrong = new SallyportError('configuration', { cause: new TypeError('timeout is a number of seconds') })
    expect(wrong.message).toBe('configuration: timeout is a number of seconds')
    expect(describeError(wrong)).toBe('The session options are not usable: timeout is a number of seconds')
  })

  test('R9 more scope and a new sign-in have two codes', () => {
    const codes = (['signed_out', 'insufficient_scope'] as const).map(
      (reason) => new AuthorizationRequiredError(reason, 'https://mcp.example.com/mcp', ['a']).code,
    )
    expect(codes).toEqual(['authorization_required', 'insufficient_scope'])
  })
})

describe('options that do not go together are told apart', () => {
  const resource = 'https://mcp.example.com/mcp'
  const cases: readonly [SessionOptions, string][] = [
    [{ client: { id: 'a', secret: 's' } }, 'client.issuer'],
    [{ client: { secret: 's', issuer: 'https://as.example.com' } }, 'client.id'],
    [{ client: { id: '' } }, 'must not be empty'],
    [{ client: { id: 'a', metadataUrl: 'https://app.example/client.json' } }, 'two identities'],
    [{ client: { metadataUrl: 'http://app.example/client.json' } }, 'client.metadataUrl'],
    [{ grant: clientCredentials() }, 'a client that the server knows'],
    [{ timeout: 0 }, 'timeout'],
  ]
  test.each(cases)('%o', (options, words) => {
    expect(() => createSession(resource, options)).toThrow(words)
  })

  test('the resource, a document, a key', () => {
    expect(() => createSession('http://mcp.example.com')).toThrow('https')
    const document = { id: 'https://app.example/client.json', name: ' ', redirectUris: ['http://127.0.0.1/callback'] }
    expect(() => clientDocument(document)).toThrow('client_name')
    expect(() => privateKeyJwt({ kty: 'oct', k: 'c2VjcmV0' })).toThrow('private key')
  })

  test('SEC-003 and none of them shows the secret', () => {
    const thrown = ((): unknown => {
      try {
        return createSession(resource, { client: { id: 'a', secret: 'canary' } })
      } catch (error) {
        return error
      }
    })()
    expect(thrown).toBeInstanceOf(SallyportError)
    expect(inspect(thrown)).not.toContain('canary')
  })
})
