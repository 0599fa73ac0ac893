/**
 * The fields of a form that a server wants filled in: how each is asked for, and what an answer to it means.
 *
 * @see MCP 2025-11-25 and 2026-07-28, client, elicitation: flat objects of primitives
 * @module
 */
import { printable } from './output.ts'

type Members = Readonly<Record<string, unknown>>

export interface Field {
  readonly name: string
  readonly schema: Members
  readonly required: boolean
}

/** A value (`undefined`: left out), or why what was entered is none. */
export type Entry = { readonly value: unknown } | { readonly problem: string }

interface Choice {
  readonly value: string
  readonly label: string
}

export function fieldsOf(schema: Members): readonly Field[] {
  const required: readonly unknown[] = Array.isArray(schema['required']) ? schema['required'] : []
  return Object.entries(membersOf(schema['properties'])).map(([name, one]) => ({
    name,
    schema: membersOf(one),
    required: required.includes(name),
  }))
}

/** What a person reads before the cursor. */
export function promptFor({ name, schema, required }: Field): string {
  const { title, description, default: preset } = schema
  const choices = choicesOf(schema)
  const many = schema['type'] === 'array' ? ', several with commas between' : ''
  const kind = choices.length > 0 ? ` (a number or a name${many})` : schema['type'] === 'boolean' ? ' (y/n)' : ''
  const given = preset === undefined ? (required ? '' : ' [none]') : ` [${inText(preset)}]`
  const lines = [
    ...(typeof description === 'string' && description !== '' ? [`  ${printable(description)}`] : []),
    ...choices.map(({ label }, index) => `    ${index + 1}  ${printable(label)}`),
  ]
  return [...lines, `  ${printable(typeof title === 'string' ? title : name)}${kind}${printable(given)}: `].join('\n')
}

/** What a line means for a field. Nothing entered stands for the default, or leaves the field out. */
export function readField({ schema, required }: Field, line: string): Entry {
  const text = line.trim()
  if (text === '') {
    if (schema['default'] !== undefined) return { value: schema['default'] }
    return required ? { problem: 'This one is needed.' } : { value: undefined }
  }
  if (schema['type'] === 'array') return readSeveral(schema, text)
  if (choicesOf(schema).length > 0) return choose(schema, text)
  if (schema['type'] === 'boolean') return readBoolean(text)
  if (schema['type'] === 'number' || schema['type'] === 'integer') return readNumber(schema, text)
  return readText(schema, text)
}

function readBoolean(text: string): Entry {
  if (/^(?:y|yes|true)$/i.test(text)) return { value: true }
  return /^(?:n|no|false)$/i.test(text) ? { value: false } : { problem: 'Wanted y or n.' }
}

function readNumber({ type, minimum, maximum }: Members, text: string): Entry {
  const value = Number(text)
  if (!Number.isFinite(value)) return { problem: 'Wanted a number.' }
  if (type === 'integer' && !Number.isInteger(value)) return { problem: 'Wanted a whole number.' }
  if (typeof minimum === 'number' && value < minimum) return { problem: `Wanted ${minimum} or more.` }
  if (typeof maximum === 'number' && value > maximum) return { problem: `Wanted ${maximum} or less.` }
  return { value }
}

const FORMATS: Readonly<Record<string, readonly [RegExp, string]>> = {
  email: [/^[^\s@]+@[^\s@]+$/, 'Wanted an e-mail address.'],
  uri: [/^[a-z][a-z0-9+.-]*:\S+$/i, 'Wanted a URL.'],
  date: [/^\d{4}-\d{2}-\d{2}$/, 'Wanted a date, such as 2026-12-31.'],
  'date-time': [/^\d{4}-\d{2}-\d{2}T\S+$/, 'Wanted a date and time, such as 2026-12-31T23:59:00Z.'],
}

function readText({ minLength, maxLength, format }: Members, text: string): Entry {
  const { length } = [...text]
  if (typeof minLength === 'number' && length < minLength)
    return { problem: `Wanted at least ${minLength} characters.` }
  if (typeof maxLength === 'number' && length > maxLength) return { problem: `Wanted at most ${maxLength} characters.` }
  const [pattern, problem] = FORMATS[String(format)] ?? []
  return pattern?.test(text) === false ? { problem: problem ?? '' } : { value: text }
}

function readSeveral(schema: Members, text: string): Entry {
  const entries = text.split(',').map((one) => choose(schema, one.trim()))
  const wrong = entries.find((one) => 'problem' in one)
  if (wrong !== undefined) return wrong
  const value = [...new Set(entries.map((one) => ('value' in one ? one.value : undefined)))]
  const { minItems, maxItems } = schema
  if (typeof minItems === 'number' && value.length < minItems) return { problem: `Wanted at least ${minItems}.` }
  if (typeof maxItems === 'number' && value.length > maxItems) return { problem: `Wanted at most ${maxItems}.` }
  return { value }
}

function choose(schema: Members, text: string): Entry {
  const choices = choicesOf(schema)
  // What a choice is called comes before its number: some are called by numbers.
  const named = choices.find(({ value, label }) => value === text || label.toLowerCase() === text.toLowerCase())
  const chosen = named ?? choices[Number(text) - 1]
  return chosen === undefined ? { problem: `Wanted one of ${choices.length}.` } : { value: chosen.value }
}

/** `enum` (with `enumNames`), or titles beside constants; of an array, those of its items. */
function choicesOf(schema: Members): readonly Choice[] {
  const from = schema['type'] === 'array' ? membersOf(schema['items']) : schema
  const titled = arrayOf(from['oneOf'] ?? from['anyOf']).map((one) => membersOf(one))
  if (titled.length > 0) return titled.map(({ const: value, title }) => choice(value, title))
  const names = arrayOf(from['enumNames'])
  return arrayOf(from['enum']).map((value, index) => choice(value, names[index]))
}

const choice = (value: unknown, label: unknown): Choice => ({
  value: String(value),
  label: typeof label === 'string' ? label : String(value),
})

const inText = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'y' : 'n'
  return Array.isArray(value) ? value.join(', ') : String(value)
}

const arrayOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const membersOf = (value: unknown): Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
