/**
 * What servers ask in the middle of a call, and what becomes of a person's answers.
 *
 * @see MCP 2025-11-25 and 2026-07-28, client, elicitation: form mode, URL mode, the three actions
 * @module
 */
import { describe, expect, test } from 'bun:test'
import { type ElicitOptions, elicit } from '../../client/cli/elicit.ts'
import { fieldsOf, promptFor, readField } from '../../client/cli/form.ts'

const plain = (text: string): string => text
const paint = { dim: plain, bold: plain, good: plain, bad: plain }

/** A person who enters these lines, and then has nothing more to say. */
function person(...lines: readonly string[]) {
  const rest = [...lines]
  const shown: string[] = []
  const opened: string[] = []
  const options: ElicitOptions = {
    resource: 'https://mcp.example/mcp',
    output: { note: (line) => void shown.push(line), paint },
    ask: async (prompt) => {
      shown.push(prompt)
      return rest.shift()
    },
    open: async (url) => void opened.push(url),
  }
  return { options, shown, opened }
}

type Params = Parameters<typeof elicit>[0]
const FORM: Params = {
  message: 'Which loaf?',
  requestedSchema: {
    type: 'object',
    properties: {
      kind: { type: 'string', title: 'Kind', enum: ['rye', 'wheat'], default: 'rye' },
      slices: { type: 'integer', minimum: 1, maximum: 20 },
      gift: { type: 'boolean' },
    },
    required: ['slices'],
  },
}

describe('form mode', () => {
  test('each field is asked for until the entry fits; what is left empty is the default, or left out', async () => {
    const { options, shown } = person('', '', 'many', '40', '8', '', '')
    expect(await elicit(FORM, options)).toEqual({ action: 'accept', content: { kind: 'rye', slices: 8 } })
    const screen = shown.join('\n')
    for (const words of [
      'mcp.example asks: Which loaf?',
      'Kind (a number or a name) [rye]: ',
      'slices: ',
      'This one is needed.',
      'Wanted a number.',
      'Wanted 20 or less.',
      'gift (y/n) [none]: ',
    ])
      expect(screen).toContain(words)
  })

  test('the answers can be looked at again, and kept back', async () => {
    const twice = person('rye', '1', 'n', 'e', '2', '3', 'y', 'yes')
    const content = { kind: 'wheat', slices: 3, gift: true }
    expect(await elicit(FORM, twice.options)).toEqual({ action: 'accept', content })
    expect(await elicit(FORM, person('', '1', '', 'n').options)).toEqual({ action: 'decline' })
  })

  test('the end of the input at any place is a cancellation', async () => {
    for (const lines of [[], ['rye'], ['rye', '1', 'y']])
      expect(await elicit(FORM, person(...lines).options)).toEqual({ action: 'cancel' })
  })

  test('a question without fields is a consent', async () => {
    const params: Params = { message: 'Delete it?', requestedSchema: { type: 'object', properties: {} } }
    expect(await elicit(params, person('y').options)).toEqual({ action: 'accept', content: {} })
    expect(await elicit(params, person('n').options)).toEqual({ action: 'decline' })
  })

  test('nobody is here: cancelled, not declined, and said', async () => {
    const { options, shown } = person()
    expect(await elicit(FORM, { ...options, ask: undefined })).toEqual({ action: 'cancel' })
    expect(shown.at(-1)).toContain('Nobody is here')
  })

  test("a server's words cannot steer the terminal", async () => {
    const { options, shown } = person()
    const properties = { a: { type: 'string' as const, title: '\u001b[2Jt', description: '\u202ed' } }
    await elicit({ message: '\u001b[1Am', requestedSchema: { type: 'object', properties } }, options)
    for (const character of ['\u001b', '\u202e']) expect(shown.join('')).not.toContain(character)
  })
})

const ENTRIES: readonly [object, string, unknown][] = [
  [{ type: 'string' }, ' bread ', 'bread'],
  [{ type: 'string', minLength: 3 }, 'ab', /at least 3/],
  [{ type: 'string', maxLength: 2 }, 'a🌊b', /at most 2/],
  [{ type: 'string', format: 'email' }, 'me@example.com', 'me@example.com'],
  [{ type: 'string', format: 'email' }, 'me', /e-mail/],
  [{ type: 'string', format: 'uri' }, 'example.com', /URL/],
  [{ type: 'string', format: 'date' }, '31.12.2026', /date/],
  [{ type: 'string', format: 'date-time' }, '2026-12-31T23:59:00Z', '2026-12-31T23:59:00Z'],
  [{ type: 'number' }, '1.5', 1.5],
  [{ type: 'integer' }, '1.5', /whole number/],
  [{ type: 'number', minimum: 2 }, '1', /2 or more/],
  [{ type: 'boolean' }, 'Yes', true],
  [{ type: 'boolean' }, 'n', false],
  [{ type: 'boolean' }, 'maybe', /y or n/],
  [{ type: 'string', enum: ['a', 'b'], enumNames: ['Anna', 'Berta'] }, 'berta', 'b'],
  [{ type: 'string', enum: ['a', 'b'] }, '2', 'b'],
  [{ type: 'string', enum: ['2', '1'] }, '2', '2'],
  [{ type: 'string', enum: ['a', 'b'] }, 'c', /one of 2/],
  [{ type: 'string', oneOf: [{ const: '#f00', title: 'Red' }] }, 'red', '#f00'],
  [{ type: 'array', items: { type: 'string', enum: ['a', 'b', 'c'] } }, 'a, 3,a', ['a', 'c']],
  [{ type: 'array', items: { anyOf: [{ const: 'a', title: 'Anna' }] } }, 'Anna', ['a']],
  [{ type: 'array', minItems: 2, items: { enum: ['a', 'b'] } }, 'a', /at least 2/],
  [{ type: 'array', maxItems: 1, items: { enum: ['a', 'b'] } }, 'a,b', /at most 1/],
  [{ type: 'array', items: { enum: ['a', 'b'] } }, 'a,x', /one of 2/],
]
test.each(ENTRIES)('%j, entered %j', (schema, line, meant) => {
  const [field] = fieldsOf({ properties: { x: schema } })
  if (field === undefined) throw new Error('there is a field')
  const entry = readField(field, line)
  if (meant instanceof RegExp) expect(entry).toEqual({ problem: expect.stringMatching(meant) })
  else expect(entry).toEqual({ value: meant })
})

test('choices are numbered, defaults are shown, a description comes before', () => {
  const many = { type: 'array', title: 'Who', items: { enum: ['a', 'b'] }, default: ['a'], description: 'Pick some.' }
  const [field] = fieldsOf({ properties: { who: many } })
  if (field === undefined) throw new Error('there is a field')
  expect(promptFor(field)).toBe(
    '  Pick some.\n    1  a\n    2  b\n  Who (a number or a name, several with commas between) [a]: ',
  )
})

describe('URL mode', () => {
  const ask = (url: string): Params => ({ mode: 'url', message: 'Connect', url, elicitationId: '1' })

  test('the whole address and its host are shown, and it is opened when the person agrees', async () => {
    const { options, shown, opened } = person('y')
    expect(await elicit(ask('https://files.example/connect?x=1'), options)).toEqual({ action: 'accept' })
    expect(opened).toEqual(['https://files.example/connect?x=1'])
    expect(shown.join('\n')).toContain('at files.example: https://files.example/connect?x=1')
  })

  test('not otherwise', async () => {
    for (const [line, action] of [
      ['n', 'decline'],
      ['', 'decline'],
      [undefined, 'cancel'],
    ] as const) {
      const { options, opened } = person(...(line === undefined ? [] : [line]))
      expect<unknown>(await elicit(ask('https://files.example/'), options)).toEqual({ action })
      expect(opened).toEqual([])
    }
  })

  test.each(['http://files.example/', 'file:///etc/passwd', 'javascript:alert(1)', 'https://a@b.example/'])(
    '%s is declined without a question',
    async (url) => {
      const { options, opened } = person('y')
      expect(await elicit(ask(url), options)).toEqual({ action: 'decline' })
      expect(opened).toEqual([])
    },
  )
})
