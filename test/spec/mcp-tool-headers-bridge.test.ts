/**
 * Arguments of tools that go into headers, too, when a bridge calls them for a host that speaks stdio.
 *
 * @see MCP 2026-07-28, transports, streamable HTTP, "Custom Headers from Tool Parameters"
 * @module
 */
import { expect, test } from 'bun:test'
import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/client'
import { createToolHeaders } from '../../client/bridge/tool-headers.ts'

const _meta = { [PROTOCOL_VERSION_META_KEY]: '2026-07-28' }
const list = { jsonrpc: '2.0' as const, id: 1, method: 'tools/list', params: { _meta } }
const call = (args: object, meta: object = _meta) => ({
  jsonrpc: '2.0' as const,
  id: 2,
  method: 'tools/call',
  params: { _meta: { ...meta }, name: 'report', arguments: { ...args } },
})

/** What is known of tools after a list with `properties` has passed by. */
function learnt(properties: object, answer: object = { id: 1 }) {
  const headers = createToolHeaders()
  headers.asked(list)
  const tools = [{ name: 'report', inputSchema: { type: 'object', properties } }]
  headers.learn({ jsonrpc: '2.0', id: 1, result: { tools }, ...answer })
  return headers
}

const region = { region: { type: 'string', 'x-mcp-header': 'Region' } }

test.each([
  ['plain text', 'eu-west', 'eu-west'],
  ['a number', 42, '42'],
  ['a boolean', false, 'false'],
  ['letters beyond ASCII', 'Zürich', `=?base64?${btoa('Z\u00c3\u00bcrich')}?=`],
  ['a line break', 'a\r\nX-Evil: 1', `=?base64?${btoa('a\r\nX-Evil: 1')}?=`],
  ['white space around it', ' x ', `=?base64?${btoa(' x ')}?=`],
  ['nothing', '', '=?base64??='],
  ['what looks encoded', '=?base64?eA==?=', `=?base64?${btoa('=?base64?eA==?=')}?=`],
])('%s', (_, value, expected) => {
  expect(learnt(region).of(call({ region: value }))).toEqual({ 'Mcp-Param-Region': expected })
})

test.each([
  ['absent', {}],
  ['null', { region: null }],
  ['an object', { region: {} }],
  ['a fraction', { region: 1.5 }],
])('no header for what is %s', (_, args) => expect(learnt(region).of(call(args))).toEqual({}))

test('from below, by the names on the way', () => {
  const nested = { where: { type: 'object', properties: region } }
  expect(learnt(nested).of(call({ where: { region: 'eu' } }))).toEqual({ 'Mcp-Param-Region': 'eu' })
})

test('a name that is no header name is ignored', () => {
  const evil = { region: { type: 'string', 'x-mcp-header': 'A: b\r\nC' } }
  expect(learnt(evil).of(call({ region: 'eu' }))).toEqual({})
})

test('none on the older wire, and none from an answer that was not asked for', () => {
  expect(learnt(region).of(call({ region: 'eu' }, {}))).toEqual({})
  expect(learnt(region, { id: 9 }).of(call({ region: 'eu' }))).toEqual({})
})
