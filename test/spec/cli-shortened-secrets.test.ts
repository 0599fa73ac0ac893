/**
 * What `--trace` may show of secrets, wherever they stand.
 *
 * @see RFC 6819 section 4.6.7: secrets in logs
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { serve } from 'srvx'
import { shortenForm, shortenHeader, shortenJson, shortenUrl } from '../../client/cli/shorten.ts'
import { createTrace } from '../../client/cli/trace.ts'

const SECRET = 'sEcReT-0123456789-0123456789-0123456789'
const SHORT = 'hunter2'

describe('shortened', () => {
  const cases: readonly [string, string][] = [
    ['a form', shortenForm(`grant_type=authorization_code&code=${SECRET}&client_secret=${SHORT}`)],
    ['a URL', shortenUrl(`https://user:${SHORT}@as.example/cb?state=${SECRET}&code=${SECRET}#${SECRET}`)],
    [
      'JSON',
      shortenJson(JSON.stringify({ access_token: SECRET, nested: [{ refresh_token: SECRET, client_secret: SHORT }] })),
    ],
    ['a bearer token', shortenHeader('authorization', `Bearer ${SECRET}`)],
    ['basic credentials', shortenHeader('authorization', `Basic ${btoa(`id:${SHORT}`)}`)],
    ['a proof', shortenHeader('dpop', SECRET)],
    ['a session id', shortenHeader('mcp-session-id', SECRET)],
    ['a location', shortenHeader('location', `http://127.0.0.1:1/callback?code=${SECRET}&iss=x`)],
    ['what is no JSON', shortenJson(`access_token=${SECRET}`)],
  ]
  test.each(cases)('%s', (_, text) => {
    expect(text).not.toContain(SECRET)
    expect(text).not.toContain(SECRET.slice(9))
    expect(text).not.toContain(SHORT)
    expect(text).not.toContain(btoa(`id:${SHORT}`))
  })

  test('what is none stays readable', () => {
    expect(shortenForm('grant_type=refresh_token&resource=https%3A%2F%2Fm.example%2Fmcp')).toBe(
      'grant_type=refresh_token resource=https://m.example/mcp',
    )
    expect(shortenUrl('https://as.example/authorize?response_type=code')).toBe(
      'https://as.example/authorize?response_type=code',
    )
    expect(shortenJson('{"error":{"code":-32601,"message":"no"}}')).toBe('{"error":{"code":-32601,"message":"no"}}')
  })
})

describe('a trace', () => {
  async function traced(answer: () => Response | Promise<Response>, body?: BodyInit) {
    const lines: string[] = []
    const server = await serve({ port: 0, hostname: '127.0.0.1', silent: true, fetch: answer }).ready()
    const { fetch } = createTrace(
      (line) => lines.push(line),
      () => 0,
    )
    const response = await fetch(`${server.url}token`, { method: 'POST', body: body ?? '{}', redirect: 'manual' })
    const read = await response.text()
    await server.close(true)
    return { lines, text: lines.join('\n'), response, body: read }
  }

  test('shows both sides, and leaves the answer to whoever asked', async () => {
    const { text, body } = await traced(
      () => Response.json({ access_token: SECRET, token_type: 'Bearer' }),
      new URLSearchParams({ grant_type: 'refresh_token', refresh_token: SECRET }),
    )
    expect(JSON.parse(body)).toMatchObject({ access_token: SECRET })
    expect(text).toContain('grant_type=refresh_token refresh_token=sEcReT-0…')
    expect(text).toContain('{"access_token":"sEcReT-0…","token_type":"Bearer"}')
    expect(text).not.toContain(SECRET)
  })

  test('what strangers write cannot steer the terminal', async () => {
    const { text } = await traced(() =>
      Response.json({ error: 'x\u001b[2J\u202e' }, { headers: { 'www-authenticate': 'Bearer error="\u0085"' } }),
    )
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u0080-\u009f\u202e]/)
  })

  test('a stream is not held up', async () => {
    let end = (): void => {}
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('data: {}\n\n'))
        end = () => controller.close()
      },
    })
    const pending = traced(() => new Response(stream, { headers: { 'content-type': 'text/event-stream' } }))
    queueMicrotask(() => end())
    expect((await pending).body).toBe('data: {}\n\n')
  })
})
