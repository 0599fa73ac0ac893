/**
 * SSRF by the answer: a public server that redirects inside, sends something else than a document, or a part of one.
 *
 * @see draft-ietf-oauth-client-id-metadata-document-02 sections 5 and 8.7
 * @see RFC 9112 section 8: incomplete messages
 * @module
 */
import { afterAll, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import {
  type Answer,
  DOCUMENT,
  JSON_REQUEST,
  type Listener,
  listen,
  outboundTo,
  PUBLIC_ADDRESS,
  say,
  whole,
} from '../support/outbound.ts'

const URL = 'https://app.example/client.json'
const inside = await listen(say(whole('200 OK', 'secret')))
afterAll(inside.close)

/** Asks once, of a server with `app`'s certificate that answers like this. */
async function ask(answer: Answer, work: (listener: Listener) => Promise<void>): Promise<void> {
  const listener = await listen(answer, 'app')
  try {
    await work(listener)
  } finally {
    listener.close()
  }
}

const outcomeOf = async (answer: Answer): Promise<string> => {
  let outcome = ''
  await ask(answer, async (listener) => {
    outcome = await outboundTo(listener).outcome(URL)
  })
  return outcome
}

describe('SEC-013 AS-030 redirects', () => {
  const LOCATIONS = [
    `http://127.0.0.1:${inside.port}/`,
    `https://localhost:${inside.port}/`,
    'http://169.254.169.254/latest/meta-data',
    'https://other.example/client.json',
    'https://app.example/client.json',
    '/elsewhere.json',
  ]
  test.each([300, 301, 302, 303, 305, 306, 307, 308, 310, 399])('%p leads nowhere', async (status) => {
    for (const location of LOCATIONS) {
      await ask(say(whole(`${status} Elsewhere`, DOCUMENT, `location: ${location}`)), async (listener) => {
        const { outcome, dialled, asked } = outboundTo(listener)
        expect(await outcome(URL)).toBe('redirected')
        expect([dialled, asked]).toEqual([[`${PUBLIC_ADDRESS} 443`], ['app.example']])
        expect(listener.connections()).toBe(1)
      })
    }
    expect(inside.connections()).toBe(0)
  })

  test('other fields that lead elsewhere do not, either', async () => {
    const fields = [`location: http://127.0.0.1:${inside.port}/`, `refresh: 0; url=http://127.0.0.1:${inside.port}/`]
    const more = [`link: <http://127.0.0.1:${inside.port}/>; rel=preload`, `alt-svc: h2="127.0.0.1:${inside.port}"`]
    expect(await outcomeOf(say(whole('200 OK', DOCUMENT, ...fields, ...more)))).toBe('ok')
    expect(inside.connections()).toBe(0)
  })
})

describe('AS-030 only 200 is success', () => {
  const cases: readonly [string, string][] = [
    ['201 Created', 'unexpected_status'],
    ['202 Accepted', 'unexpected_status'],
    ['203 Non-Authoritative', 'unexpected_status'],
    ['206 Partial', 'unexpected_status'],
    ['304 Not Modified', 'unexpected_status'],
    ['400 Bad Request', 'client_error'],
    ['401 Unauthorized', 'client_error'],
    ['404 Not Found', 'client_error'],
    ['410 Gone', 'client_error'],
    ['408 Request Timeout', 'not_now'],
    ['425 Too Early', 'not_now'],
    ['429 Too Many Requests', 'not_now'],
    ['500 Internal Server Error', 'server_error'],
    ['503 Unavailable', 'server_error'],
    ['600 What', 'unexpected_status'],
    ['999 What', 'unexpected_status'],
  ]
  test.each(cases)('%s: %s', async (status, expected) => {
    expect(await outcomeOf(say(whole(status, DOCUMENT, 'content-type: application/json')))).toBe(expected)
  })
  test('204 and 205: unexpected_status', async () => {
    for (const status of ['204 No Content', '205 Reset Content'])
      expect(await outcomeOf(say(`HTTP/1.1 ${status}\r\n\r\n`))).toBe('unexpected_status')
  })
})

describe('AS-035 a body that is longer than allowed', () => {
  const limit = JSON_REQUEST.maxBytes
  const chunked = (...chunks: readonly string[]): string =>
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`

  test('exactly the limit is taken, with a length or in chunks', async () => {
    expect(await outcomeOf(say(whole('200 OK', 'x'.repeat(limit))))).toBe('ok')
    expect(await outcomeOf(say(chunked('x'.repeat(limit - 1), 'x')))).toBe('ok')
  })
  test('one byte more is not', async () => {
    expect(await outcomeOf(say(whole('200 OK', 'x'.repeat(limit + 1))))).toBe('too_large')
    expect(await outcomeOf(say(chunked('x'.repeat(limit), 'x')))).toBe('too_large')
  })
  test('a large one is whole when that is allowed, and the connection ended at once', async () => {
    const body = 'x'.repeat(4 * 1024 * 1024)
    for (const text of [whole('200 OK', body), chunked(body)]) {
      await ask(say(text), async (listener) => {
        const got = await outboundTo(listener).outbound.get(URL, { ...JSON_REQUEST, maxBytes: body.length })
        expect(got.ok && got.value.body.length).toBe(body.length)
      })
    }
  })
  test('a length that is too large is believed, and the body not waited for', async () => {
    expect(await outcomeOf((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n'))).toBe(
      'too_large',
    )
  })
})

describe('AS-035 compressed bodies', () => {
  const bomb = gzipSync(new Uint8Array(4 * 1024 * 1024))
  const encodings = ['gzip', 'deflate', 'br', 'zstd', 'x-gzip', 'gzip, gzip', 'identity, gzip', 'unknown']

  test.each(encodings)('AS-035 a bomb in %s is not opened', async (encoding) => {
    expect(bomb.length).toBeLessThan(JSON_REQUEST.maxBytes)
    const head = `HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${bomb.length}\r\n\r\n`
    const outcome = await outcomeOf((socket) => {
      socket.write(head)
      socket.end(bomb)
    })
    expect(outcome).toBe('encoded')
  })
  test('nor as a transfer coding', async () => {
    expect(await outcomeOf(say('HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'))).toBe('encoded')
  })
  test('bytes that claim no encoding stay as they are', async () => {
    const answer: Answer = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: ${bomb.length}\r\n\r\n`)
      socket.end(bomb)
    }
    await ask(answer, async (listener) => {
      const got = await outboundTo(listener).outbound.get(URL, JSON_REQUEST)
      expect(got.ok && [...got.value.body.slice(0, 2), got.value.body.length]).toEqual([0x1f, 0x8b, bomb.length])
    })
  })
})

describe('a part of an answer is no answer', () => {
  const cases: readonly [string, string][] = [
    ['nothing', ''],
    ['half a status line', 'HTTP/1.1 20'],
    ['half a header', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['no body', 'HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n'],
    ['half a body', `HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n${DOCUMENT.slice(0, 10)}`],
    ['chunks without an end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n'],
    ['half a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n15\r\n{"clie'],
    ['a body without a length', `HTTP/1.1 200 OK\r\n\r\n${DOCUMENT}`],
    ['HTTP/1.0 without a length', `HTTP/1.0 200 OK\r\n\r\n${DOCUMENT}`],
    ['not HTTP', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nwhat\r\ncontent-length: 2\r\n\r\n{}'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}'],
    ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 21\r\n\r\n{}'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    ],
    ['a chunk of no size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'],
    ['a header of 64 KB', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(64 * 1024)}\r\ncontent-length: 2\r\n\r\n{}`],
    ['64 KB of fields', `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(11_000)}content-length: 2\r\n\r\n{}`],
  ]
  test.each(cases)('%s', async (_, text) => expect(await outcomeOf(say(text))).toBe('broken_answer'))

  test('HTTP/1.0 with a length, chunks, and answers before the answer are whole', async () => {
    for (const text of [
      `HTTP/1.0 200 OK\r\ncontent-length: ${DOCUMENT.length}\r\n\r\n${DOCUMENT}`,
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n15;x=y\r\n${DOCUMENT}\r\n0\r\nx-trailer: y\r\n\r\n`,
      `HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${whole('200 OK', DOCUMENT)}`,
      // What follows an answer is not read.
      `${whole('200 OK', DOCUMENT)}HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1/\r\n\r\n`,
    ]) {
      await ask(say(text), async (listener) => {
        const got = await outboundTo(listener).outbound.get(URL, JSON_REQUEST)
        expect(got.ok && new TextDecoder().decode(got.value.body)).toBe(DOCUMENT)
      })
    }
  })
})

describe('what callers get, and what they do not', () => {
  test('AS-026 the fields that caching needs', async () => {
    const fields = [
      'Cache-Control: max-age=60',
      'cache-control: public',
      'Age: 7',
      'Date: Fri, 20 Nov 2026 12:00:00 GMT',
      'Expires: Fri, 20 Nov 2026 13:00:00 GMT',
      'ETag: "v1"',
      'Content-Type: application/json',
    ]
    const others = ['set-cookie: a=b', 'www-authenticate: Basic', 'x-anything: else', 'strict-transport-security: x']
    await ask(say(whole('200 OK', DOCUMENT, ...fields, ...others)), async (listener) => {
      const got = await outboundTo(listener).outbound.get(URL, JSON_REQUEST)
      expect(got.ok && got.value.status).toBe(200)
      expect(got.ok && [...got.value.headers]).toEqual([
        ['age', '7'],
        ['cache-control', 'max-age=60, public'],
        ['content-type', 'application/json'],
        ['date', 'Fri, 20 Nov 2026 12:00:00 GMT'],
        ['etag', '"v1"'],
        ['expires', 'Fri, 20 Nov 2026 13:00:00 GMT'],
      ])
    })
  })

  test('AS-026 a copy is asked about by its entity tag, and 304 answers that only', async () => {
    const answer: Answer = (socket, head) =>
      socket.end(
        /\r\nif-none-match: "v1"\r\n/i.test(head)
          ? 'HTTP/1.1 304 Not Modified\r\netag: "v1"\r\ncache-control: max-age=9\r\n\r\n'
          : whole('200 OK', DOCUMENT, 'etag: "v1"'),
      )
    await ask(answer, async (listener) => {
      const { outbound } = outboundTo(listener)
      const fresh = await outbound.get(URL, { ...JSON_REQUEST, etag: '"v1"' })
      expect(
        fresh.ok && [fresh.value.status, fresh.value.body.length, fresh.value.headers.get('cache-control')],
      ).toEqual([304, 0, 'max-age=9'])
      const changed = await outbound.get(URL, { ...JSON_REQUEST, etag: 'W/"v0"' })
      expect(changed.ok && changed.value.status).toBe(200)
      expect(listener.heads.at(-1)).toMatch(/\r\nif-none-match: W\/"v0"\r\n/i)
    })
  })

  test.each(['v1', '"v1', '"v"1"', '"v\u00e9"', '"v\r\nx: y"', `"${'v'.repeat(300)}"`, '*', '"a", "b"'])(
    'a malformed entity tag is neither kept nor sent: %p',
    async (etag) => {
      const echoed = etag.includes('\n') ? 'v' : etag
      await ask(say(whole('200 OK', '{}', `etag: ${echoed}`)), async (listener) => {
        const got = await outboundTo(listener).outbound.get(URL, { ...JSON_REQUEST, etag })
        expect(got.ok && got.value.headers.has('etag')).toBe(false)
        expect(listener.heads.at(-1)).not.toMatch(/if-none-match|\nx:/i)
      })
    },
  )

  test('cookies are not kept, and credentials not sent', async () => {
    await ask(say(whole('200 OK', '{}', 'set-cookie: id=1; Path=/')), async (listener) => {
      const { outcome } = outboundTo(listener)
      expect([await outcome(URL), await outcome(URL)]).toEqual(['ok', 'ok'])
      expect(listener.heads).toHaveLength(2)
      for (const head of listener.heads) expect(head).not.toMatch(/cookie|authorization|referer|origin|forwarded/i)
    })
  })

  test('SEC-016 no reason holds anything that the other side wrote', async () => {
    const canary = 'canary-7f3a'
    const answers = [
      whole(`404 ${canary}`, canary),
      `${canary}\r\n\r\n`,
      whole(`302 ${canary}`, '', `location: ${canary}`),
    ]
    for (const answer of answers) expect(await outcomeOf(say(answer))).not.toContain(canary)
    await ask(say(''), async (listener) => {
      const { outcome } = outboundTo(listener)
      for (const url of [`${canary}://x`, `https://${canary}`, `https://${canary}@app.example/`, canary])
        expect(await outcome(url)).not.toContain(canary)
    })
  })
})
