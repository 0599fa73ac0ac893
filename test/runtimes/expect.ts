/**
 * The part of `expect` that the specs use, for runtimes that have no `bun:test`. An unknown matcher throws, so that none can pass by
 * being missing.
 *
 * @module
 */
import { inspect } from 'node:util'

/** A pattern that stands where a value is expected. */
class Pattern {
  readonly matches: (actual: unknown) => boolean
  constructor(matches: (actual: unknown) => boolean) {
    this.matches = matches
  }
}

type Matcher = (actual: unknown, ...expected: readonly unknown[]) => boolean

const MATCHERS: Readonly<Record<string, Matcher>> = {
  toBe: Object.is,
  toEqual: equals,
  toMatchObject: contains,
  toHaveLength: (actual, length) => Object(actual).length === length,
  toContain: (actual, item) => {
    return typeof actual === 'string' ? actual.includes(String(item)) : [...iterable(actual)].includes(item)
  },
  toHaveProperty: (actual, name, ...value) => {
    const found = String(name)
      .split('.')
      .reduce<unknown>((holder, key) => Object(holder)[key], actual)
    return value.length === 0 ? found !== undefined : equals(found, value[0])
  },
  toBeUndefined: (actual) => actual === undefined,
  toBeDefined: (actual) => actual !== undefined,
  toBeNull: (actual) => actual === null,
  toBeTrue: (actual) => actual === true,
  toBeFalse: (actual) => actual === false,
  toBeTruthy: Boolean,
  toBeFalsy: (actual) => !actual,
  toBeGreaterThan: (actual, than) => Number(actual) > Number(than),
  toBeGreaterThanOrEqual: (actual, than) => Number(actual) >= Number(than),
  toBeLessThan: (actual, than) => Number(actual) < Number(than),
  toBeLessThanOrEqual: (actual, than) => Number(actual) <= Number(than),
  toBeInstanceOf: (actual, type) => typeof type === 'function' && actual instanceof type,
  toMatch: (actual, pattern) => matchesText(String(actual), pattern),
  toStartWith: (actual, start) => String(actual).startsWith(String(start)),
  toEndWith: (actual, end) => String(actual).endsWith(String(end)),
  toThrow: (actual, wanted) => {
    const thrown = actual instanceof Rejected ? actual : throwing(actual)
    if (thrown === null) return false
    if (wanted === undefined) return true
    if (typeof wanted === 'function') return thrown.error instanceof wanted
    const message = String(Object(thrown.error).message)
    return wanted instanceof Error ? message === wanted.message : matchesText(message, wanted)
  },
}

/** What a rejected promise or a throwing function left. */
class Rejected {
  readonly error: unknown
  constructor(error: unknown) {
    this.error = error
  }
}

function throwing(act: unknown): Rejected | null {
  if (typeof act !== 'function') return null
  try {
    act()
    return null
  } catch (error) {
    return new Rejected(error)
  }
}

type Check = (...expected: readonly unknown[]) => unknown

/** The matchers as methods. `how` turns the value into what is matched: itself, or what a promise of it becomes. */
function checks(actual: unknown, negated: boolean, how: (match: (settled: unknown) => void) => unknown): object {
  return new Proxy(
    {},
    {
      get(_, name): Check | object {
        if (name === 'not') return checks(actual, !negated, how)
        const matcher = MATCHERS[String(name)]
        if (matcher === undefined)
          throw new TypeError(`expect has no ${String(name)} here: add it to test/runtimes/expect.ts`)
        return (...expected) =>
          how((settled) => {
            if (matcher(settled, ...expected) !== negated) return
            const shown = [settled, ...expected].map((value) => inspect(value, { depth: 4 }))
            throw new Error(`${negated ? 'not ' : ''}${String(name)}: got ${shown.join(', wanted ')}`)
          })
      },
    },
  )
}

/** Like Bun's, as far as it is used. */
export function expect(actual: unknown): object {
  const now = checks(actual, false, (match) => match(actual))
  const resolves = checks(actual, false, async (match) => match(await actual))
  const rejects = checks(actual, false, async (match) => match(await rejectionOf(actual)))
  return new Proxy(now, {
    get: (target, name) => (name === 'resolves' ? resolves : name === 'rejects' ? rejects : Reflect.get(target, name)),
  })
}

expect.stringMatching = (pattern: string | RegExp) => new Pattern((actual) => matchesText(String(actual), pattern))
expect.stringContaining = (part: string) => new Pattern((actual) => String(actual).includes(part))
expect.objectContaining = (part: object) => new Pattern((actual) => contains(actual, part))
expect.arrayContaining = (part: readonly unknown[]) =>
  new Pattern((actual) => part.every((item) => [...iterable(actual)].some((candidate) => equals(candidate, item))))
expect.any = (type: unknown) => new Pattern((actual) => typeof type === 'function' && Object(actual) instanceof type)
expect.anything = () => new Pattern((actual) => actual !== null && actual !== undefined)

const rejectionOf = async (actual: unknown): Promise<unknown> => {
  try {
    await (typeof actual === 'function' ? actual() : actual)
  } catch (error) {
    return new Rejected(error)
  }
  throw new Error('the promise was expected to reject, and resolved')
}

const matchesText = (text: string, pattern: unknown): boolean =>
  pattern instanceof RegExp ? pattern.test(text) : text.includes(String(pattern))

const iterable = (value: unknown): Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value ? Array.from(Object(value)) : []

/** Deep equality that does not tell a missing member from an undefined one. */
function equals(actual: unknown, expected: unknown): boolean {
  return compare(actual, expected, (a, b) => {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)])
    return [...keys].every((key) => equals(Object(a)[key], Object(b)[key]))
  })
}

/** Every member of `expected` is there. */
function contains(actual: unknown, expected: unknown): boolean {
  return compare(actual, expected, (a, b) => {
    if (Array.isArray(b) && (!Array.isArray(a) || a.length !== b.length)) return false
    return Object.keys(b).every((key) => contains(Object(a)[key], Object(b)[key]))
  })
}

function compare(actual: unknown, expected: unknown, members: (a: object, b: object) => boolean): boolean {
  if (expected instanceof Pattern) return expected.matches(actual)
  if (Object.is(actual, expected)) return true
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) return false
  if (Array.isArray(actual) !== Array.isArray(expected)) return false
  if (actual instanceof Set && expected instanceof Set) return equals([...actual].sort(), [...expected].sort())
  if (actual instanceof Map && expected instanceof Map) return equals([...actual], [...expected])
  if (actual instanceof URL && expected instanceof URL) return actual.href === expected.href
  if (actual instanceof Error && expected instanceof Error && actual.message !== expected.message) return false
  if (ArrayBuffer.isView(actual) && ArrayBuffer.isView(expected)) return inspect(actual) === inspect(expected)
  return members(actual, expected)
}
