/**
 * The lines that a host writes to a bridge: messages, batches of them, and what is neither.
 *
 * @see JSON-RPC 2.0 section 5.1 (error codes), section 6 (batches)
 * @see MCP 2025-03-26, basic, "Batching"; 2025-06-18 took it back
 * @module
 */
import { expect, test } from 'bun:test'
import { parseLine } from '../../client/bridge/messages.ts'

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
const note = { jsonrpc: '2.0', method: 'notifications/initialized' }
const answer = { jsonrpc: '2.0', id: 9, result: {} }

const MESSAGES: readonly [string, object, readonly object[]][] = [
  ['a request', ping, [ping]],
  ['a notification', note, [note]],
  ['an answer', answer, [answer]],
  ['a batch', [ping, note, answer], [ping, note, answer]],
]
test.each(MESSAGES)('section 6 %s is taken as it is', (_, line, messages) => {
  expect<unknown>(parseLine(JSON.stringify(line))).toEqual({ messages, refusals: [] })
})

const REFUSED: readonly [string, string, number, unknown][] = [
  ['what is no JSON', '{"jsonrpc": "2.0", "method"', -32700, null],
  ['a batch that breaks off', '[{"jsonrpc":"2.0","id":1,"method":"ping"},', -32700, null],
  ['an empty batch', '[]', -32600, null],
  ['a number', '1', -32600, null],
  ['an object that is no message', '{"foo": "boo"}', -32600, null],
  ['a request with a method that is none: the id is told', '{"jsonrpc":"2.0","id":4,"method":1}', -32600, 4],
  ['a request of another version', '{"jsonrpc":"1.0","id":"a","method":"ping"}', -32600, 'a'],
  ["an answer that is none: its id is the server's", '{"jsonrpc":"2.0","id":4,"result":5}', -32600, null],
]
test.each(REFUSED)('section 5.1 %s is answered', (_, line, code, id) => {
  expect<unknown>(parseLine(line)).toEqual({
    messages: [],
    refusals: [{ jsonrpc: '2.0', id, error: { code, message: expect.any(String) } }],
  })
})

test('section 6 a member that is no message is refused for itself, and the others are taken', () => {
  const { messages, refusals } = parseLine(JSON.stringify([1, ping, { id: 2, method: 'ping' }, note]))
  expect<unknown>(messages).toEqual([ping, note])
  expect(refusals.map(({ id, error }) => [id, error.code])).toEqual([
    [null, -32600],
    [2, -32600],
  ])
})

test('section 6 a batch of nothing that is a message: one refusal for each', () => {
  expect(parseLine('[1,2,3]').refusals.map(({ error }) => error.code)).toEqual([-32600, -32600, -32600])
})
