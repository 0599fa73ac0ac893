/**
 * Header lines that come twice arrive twice, at a socket: `fetch` would join them.
 *
 * @module
 */
import { expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { createHttp } from '../../conformance/core/http.ts'
import { fetchLines } from '../../conformance/node/fetch-lines.ts'

/** Answers one request with `answer`, and tells what it was sent. */
async function listen(answer: string) {
  const { promise: received, resolve } = Promise.withResolvers<string>()
  const server = createServer((socket) => {
    let text = ''
    socket.on('data', (data) => {
      text += data
      if (!text.endsWith('grant_type=x')) return
      resolve(text)
      socket.end(answer)
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const address = server.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/token?a=1`
  return { url, received, close: () => void server.close() }
}

const ANSWER =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close\r\n\r\n{"error":"invalid_dpop_proof"}'

test('two proofs are two lines, and the answer is whole', async () => {
  const { close, received, url } = await listen(ANSWER)
  const http = createHttp({ fetchLines })
  const answer = await http.postForm(url, { grant_type: 'x' }, { dpop: ['one', 'two'] })
  const lines = (await received).split('\r\n')
  expect(lines[0]).toBe('POST /token?a=1 HTTP/1.1')
  expect(lines.filter((line) => /^dpop:/i.test(line))).toEqual(['dpop: one', 'dpop: two'])
  expect(answer).toMatchObject({ status: 400, json: { error: 'invalid_dpop_proof' } })
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect(answer.exchange.requestHeaders.filter(([name]) => name === 'dpop')).toHaveLength(2)
  close()
})

test('where lines cannot be sent one by one, the check is skipped and nothing is sent', async () => {
  const asked: string[] = []
  const fetch = async (url: string): Promise<Response> => new Response(String(asked.push(url)))
  const sent = createHttp({ fetch }).postForm('https://as.example', {}, { dpop: ['one', 'two'] })
  await expect(sent).rejects.toThrow('the same header cannot be sent twice from here')
  expect(asked).toEqual([])
})

test('whoever does not listen is explained as always', async () => {
  const { close, url } = await listen('')
  close()
  const sent = createHttp({ fetchLines }).postForm(url, { grant_type: 'x' }, { dpop: ['one', 'two'] })
  await expect(sent).rejects.toThrow('nothing listens there (connection refused)')
})
