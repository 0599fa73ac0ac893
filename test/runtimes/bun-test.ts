/**
 * Stands in for `bun:test` on Deno and Node, so that the very same specs run there: collects tests, then runs them one by one.
 *
 * @module
 */
import { format } from 'node:util'

export { expect } from './expect.ts'

type Body = () => unknown

/** A file or a group in it. */
interface Scope {
  readonly name: string
  readonly parent: Scope | null
  readonly before: Body[]
  readonly after: Body[]
  readonly beforeEach: Body[]
  readonly afterEach: Body[]
  begun: boolean
}

interface Case {
  readonly name: string
  readonly scope: Scope
  readonly body: Body
}

const cases: Case[] = []
const scopes: Scope[] = []
let current = openScope('', null)

function openScope(name: string, parent: Scope | null): Scope {
  const scope = { name, parent, before: [], after: [], beforeEach: [], afterEach: [], begun: false }
  scopes.push(scope)
  return scope
}

export function describe(name: string, body: () => void): void {
  const outer = current
  current = openScope(`${outer.name}${name} > `, outer)
  body()
  current = outer
}

export function test(name: string, body: Body): void {
  cases.push({ name: current.name + name, scope: current, body })
}

export const beforeAll = (body: Body): void => void current.before.push(body)
export const afterAll = (body: Body): void => void current.after.push(body)
export const beforeEach = (body: Body): void => void current.beforeEach.push(body)
export const afterEach = (body: Body): void => void current.afterEach.push(body)
export const setDefaultTimeout = (): void => {}

/** Counts the calls of a method, which goes on doing what it does. */
export function spyOn(object: object, name: string) {
  const own = Object.getOwnPropertyDescriptor(object, name)
  const method = Reflect.get(object, name)
  const calls: unknown[][] = []
  const value = (...args: unknown[]): unknown => {
    calls.push(args)
    return Reflect.apply(method, object, args)
  }
  Object.defineProperty(object, name, { configurable: true, writable: true, value })
  const mockRestore = (): void => {
    if (own === undefined) Reflect.deleteProperty(object, name)
    else Object.defineProperty(object, name, own)
  }
  return { mock: { calls }, mockRestore }
}

/** One call for each row; an array is spread over the parameters. */
const each =
  (register: (name: string, body: () => void) => void) =>
  (rows: readonly unknown[]) =>
  (name: string, body: (...row: readonly unknown[]) => void): void => {
    for (const row of rows) {
      const values: readonly unknown[] = Array.isArray(row) ? row : [row]
      const used = (name.match(/%[a-z]/g) ?? []).length
      register(format(name, ...values.slice(0, used)), () => body(...values))
    }
  }

describe.each = each(describe)
test.each = each(test)

/** Collects the tests of a file. */
export async function collect(load: () => Promise<unknown>): Promise<void> {
  current = openScope('', null)
  await load()
}

/** Runs what was collected. Prints each failure. */
export async function runCollected(): Promise<{ readonly passed: number; readonly failed: number }> {
  let failed = 0
  for (const { name, scope, body } of cases) {
    const chain = scopesOf(scope)
    try {
      for (const outer of chain) await begin(outer)
      for (const outer of chain) await runAll(outer.beforeEach)
      try {
        await body()
      } finally {
        for (const outer of chain.toReversed()) await runAll(outer.afterEach)
      }
    } catch (error) {
      failed += 1
      console.error(`(fail) ${name}\n`, error)
    }
  }
  for (const scope of scopes) if (scope.begun) await runAll(scope.after)
  return { passed: cases.length - failed, failed }
}

/** From the outermost to `scope` itself. */
function scopesOf(scope: Scope): readonly Scope[] {
  return scope.parent === null ? [scope] : [...scopesOf(scope.parent), scope]
}

async function begin(scope: Scope): Promise<void> {
  if (scope.begun) return
  scope.begun = true
  await runAll(scope.before)
}

async function runAll(bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) await body()
}
